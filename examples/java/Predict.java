/*
 * Predict.java - opens a Nomogram bundle from Java and predicts one row, through JNA.
 *
 *     java -Djna.library.path=FOLDER -cp jna.jar examples/java/Predict.java BUNDLE.nomo VALUE...
 *
 * One value per feature, in the order of the bundle: a number, of a category the index of its level, or NaN if it is
 * missing. Prints the probability of each class, or the value. Exit code: 0 success, 1 a reported error, 2 wrong usage.
 * Debian has JNA in libjna-java. Java 17 of a JDK runs the file as it is. FOLDER has libnomogram.so.
 */
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

public class Predict {
    /** The functions of nomogram.h that this program calls. */
    public interface Nomogram extends Library {
        int nomo_model_open_file(String path, Pointer limits, PointerByReference model, Failure failure);

        int nomo_model_describe(Pointer model, Info info, Failure failure);

        int nomo_session_create(Pointer model, PointerByReference session, Failure failure);

        int nomo_session_predict_row(
                Pointer session,
                double[] values,
                NativeLong valuesLen,
                double[] outputs,
                NativeLong outputsLen,
                Pointer classIndex,
                Failure failure);

        void nomo_session_destroy(Pointer session);

        void nomo_model_release(Pointer model);
    }

    /** The nomo_error of nomogram.h. */
    @FieldOrder({"structSize", "status", "row", "feature", "byteOffset", "message"})
    public static class Failure extends Structure {
        public int structSize;
        public int status;
        public long row;
        public long feature;
        public long byteOffset;
        public byte[] message = new byte[512];

        public Failure() {
            structSize = size();
        }

        String text() {
            return new String(message, StandardCharsets.UTF_8).split("\0")[0];
        }
    }

    /** The nomo_model_info of nomogram.h. */
    @FieldOrder({"structSize", "task", "format", "nGoldenCases", "texts", "counts"})
    public static class Info extends Structure {
        public int structSize;
        public int task;
        public int format;
        public int nGoldenCases;
        /** Name, version, digest, manifest, card, target, unit. */
        public Pointer[] texts = new Pointer[7];
        /** Features, classes, outputs, members, margins, cutoffs, rules. */
        public NativeLong[] counts = new NativeLong[7];

        public Info() {
            Arrays.setAll(counts, index -> new NativeLong());
            structSize = size();
        }
    }

    private static final Nomogram NOMOGRAM = Native.load("nomogram", Nomogram.class);

    public static void main(String[] arguments) {
        if (arguments.length < 2) {
            System.err.println("usage: Predict BUNDLE.nomo VALUE...");
            System.exit(2);
        }
        double[] values =
                Arrays.stream(arguments).skip(1).mapToDouble(Double::parseDouble).toArray();
        PointerByReference model = new PointerByReference();
        PointerByReference session = new PointerByReference();
        try {
            check(failure -> NOMOGRAM.nomo_model_open_file(arguments[0], null, model, failure));
            Info info = new Info();
            check(failure -> NOMOGRAM.nomo_model_describe(model.getValue(), info, failure));
            check(failure -> NOMOGRAM.nomo_session_create(model.getValue(), session, failure));
            double[] outputs = new double[info.counts[2].intValue()];
            check(failure -> NOMOGRAM.nomo_session_predict_row(
                    session.getValue(),
                    values,
                    new NativeLong(values.length),
                    outputs,
                    new NativeLong(outputs.length),
                    null,
                    failure));
            Arrays.stream(outputs).forEach(System.out::println);
        } catch (IllegalStateException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        } finally {
            NOMOGRAM.nomo_session_destroy(session.getValue());
            NOMOGRAM.nomo_model_release(model.getValue());
        }
    }

    /** A call that returns a status. */
    private interface Call {
        int run(Failure failure);
    }

    private static void check(Call call) {
        Failure failure = new Failure();
        if (call.run(failure) != 0) {
            throw new IllegalStateException(failure.text());
        }
    }
}
