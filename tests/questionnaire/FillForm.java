// Fills an XForm in JavaRosa, the engine of ODK Collect. Arguments: the form, a file of lines
// "path<TAB>answer" with positions such as /data/roster[2]/age[1]; prints the instance that comes out.
import java.io.*;
import java.nio.file.*;
import java.util.*;
import org.javarosa.core.model.*;
import org.javarosa.core.model.data.*;
import org.javarosa.core.model.instance.*;
import org.javarosa.form.api.*;
import org.javarosa.model.xform.*;
import org.javarosa.xform.util.*;

public class FillForm {
  public static void main(String[] words) throws Exception {
    new XFormsModule().registerModule();
    Map<String, String> answers = new HashMap<>();
    for (String line : Files.readAllLines(Paths.get(words[1]))) {
      String[] parts = line.split("\t");
      answers.put(parts[0], parts[1]);
    }
    FormDef form = XFormUtils.getFormFromInputStream(new FileInputStream(words[0]));
    FormEntryController control = new FormEntryController(new FormEntryModel(form));
    form.initialize(true, new InstanceInitializationFactory());
    int event = control.jumpToIndex(FormIndex.createBeginningOfFormIndex());
    while (event != FormEntryController.EVENT_END_OF_FORM) {
      if (event == FormEntryController.EVENT_QUESTION) {
        FormIndex at = control.getModel().getFormIndex();
        String path = at.getReference().toString(true);
        System.out.println("asked\t" + path);
        String answer = answers.get(path);
        if (answer != null) {
          FormEntryPrompt prompt = control.getModel().getQuestionPrompt();
          IAnswerData data =
              AnswerDataFactory.templateByDataType(prompt.getDataType()).cast(new UncastData(answer));
          int status = control.answerQuestion(at, data, true);
          if (status != FormEntryController.ANSWER_OK) System.out.println("refused\t" + path);
        }
      }
      event = control.stepToNextEvent();
    }
    byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getInstance());
    System.out.println("instance\t" + new String(xml, "UTF-8").replace("\n", " "));
  }
}
