// Runs SurveyJS models over interviews: reads {models: [{model, interviews}]} from stdin and writes
// for each interview the names of the questions that are visible, "row:name" inside rosters, the
// questions whose checks refuse or warn, and the values that are worked out. With {expressions,
// interviews} it writes for each interview what the expressions give.
const { ExpressionRunner, Model } = require("survey-core");
let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const asked = JSON.parse(text);
  if (asked.expressions) {
    const runners = asked.expressions.map((one) => new ExpressionRunner(one));
    const given = asked.interviews.map((one) => runners.map((runner) => runner.runValues(one)));
    process.stdout.write(JSON.stringify(given));
    return;
  }
  const out = asked.models.map(({ model, interviews, check }) => {
    const errors = [];
    const survey = new Model(model);
    if (survey.jsonErrors) errors.push(...survey.jsonErrors.map((one) => one.message));
    // It does not know that calculated values are variables of each other.
    const workedOut = new Set(survey.calculatedValues.map((one) => one.name));
    const unknown = survey
      .validateExpressions()
      .map((one) => one.errors.filter((error) => !workedOut.has(error.variableName)))
      .filter((errors) => errors.length)
      .map((errors) => JSON.stringify(errors));
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
      const warned = [];
      if (check) survey.getAllQuestions(true).forEach((question) => {
        if (question.isEmpty()) return;
        if (!question.validate(true)) invalid.push(question.name);
        if (question.errors.some((one) => one.notificationType === "warning")) warned.push(question.name);
      });
      const values = {};
      survey.calculatedValues.forEach((one) => (values[one.name] = one.value));
      const take = (questions, prefix) => questions.forEach((question) => {
        if (question.getType() === "paneldynamic")
          question.panels.forEach((panel, row) => take(panel.questions, `${prefix}${row}:`));
        else if (question.getType() === "expression") values[prefix + question.name] = question.value;
      });
      take(survey.getAllQuestions(), "");
      return { seen, invalid, warned, values };
    });
    return { asked, errors, unknown };
  });
  process.stdout.write(JSON.stringify(out));
});
