// Runs SurveyJS models over interviews: reads {models: [{model, interviews}]} from stdin and writes
// for each interview the names of the questions that are visible, "row:name" inside rosters.
const { Model } = require("survey-core");
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const out = JSON.parse(text).models.map(({ model, interviews, check }) => {
    const errors = [];
    const survey = new Model(model);
    if (survey.jsonErrors) errors.push(...survey.jsonErrors.map((one) => one.message));
    const unknown = survey.validateExpressions
      ? survey.validateExpressions().map((one) => JSON.stringify(one.errors))
      : [];
    const asked = interviews.map((data) => {
      survey.clear(true, true);
      survey.data = data;
      const seen = [];
      const look = (questions, prefix) => {
        for (const question of questions) {
          const type = question.getType();
          if (type === "paneldynamic") {
            if (question.isVisible && question.isParentVisible)
              question.panels.forEach((panel, row) => look(panel.questions, `${row}:`));
          } else if (type !== "html" && question.isVisible && question.isParentVisible) {
            seen.push(prefix + question.name);
          }
        }
      };
      look(survey.getAllQuestions(), "");
      const invalid = [];
      if (check) survey.getAllQuestions(true).forEach((question) => {
        if (!question.isEmpty() && !question.validate(false)) invalid.push(question.name);
      });
      return { seen, invalid };
    });
    return { asked, errors, unknown };
  });
  process.stdout.write(JSON.stringify(out));
});
