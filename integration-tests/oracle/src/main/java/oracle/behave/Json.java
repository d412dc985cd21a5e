package oracle.behave;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** How recordings are written. Texts stand as they are; bytes that are no text as {@code {"hex": ".."}}. */
final class Json {
    private Json() {}

    static String text(String text) {
        return text == null ? "null" : '"' + text + '"';
    }

    static String bytes(byte[] bytes) {
        if (bytes == null) {
            return "null";
        }
        for (byte b : bytes) {
            if (b < ' ' || b > '~' || b == '"' || b == '\\') {
                return "{\"hex\": \"" + HexFormat.of().formatHex(bytes) + "\"}";
            }
        }
        return text(new String(bytes, StandardCharsets.US_ASCII));
    }

    /** The last part of a record that has headers: pairs of key and value. */
    static String headers(Headers headers) {
        StringJoiner pairs = new StringJoiner(", ", ", [", "]").setEmptyValue("");
        for (Header header : headers) {
            pairs.add("[" + text(header.key()) + ", " + bytes(header.value()) + "]");
        }
        return pairs.toString();
    }

    static String headers(List<Inputs.Header> headers) {
        StringJoiner pairs = new StringJoiner(", ", ", [", "]").setEmptyValue("");
        headers.forEach(header -> pairs.add("[" + text(header.key()) + ", " + text(header.value()) + "]"));
        return pairs.toString();
    }
}
