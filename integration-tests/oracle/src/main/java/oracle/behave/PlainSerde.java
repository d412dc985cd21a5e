package oracle.behave;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.kstream.Windowed;

/**
 * The default serde of all topologies: a topology that only says what flows, and not how it is written, can run. Texts are UTF-8 and numbers
 * eight bytes, as Serdes.String() and Serdes.Long() write them; a windowed key is its key and the window's start, as the windowed serdes write it.
 */
public final class PlainSerde implements Serde<Object> {
    @Override
    public Serializer<Object> serializer() {
        return (topic, data) -> data == null ? null : bytes(data);
    }

    @Override
    public Deserializer<Object> deserializer() {
        return (topic, bytes) -> bytes == null ? null : object(bytes);
    }

    private static byte[] bytes(Object data) {
        if (data instanceof Windowed<?> windowed) {
            byte[] key = bytes(windowed.key());
            return ByteBuffer.allocate(key.length + Long.BYTES).put(key).putLong(windowed.window().start()).array();
        }
        if (data instanceof Long number) {
            return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
        }
        if (data instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        throw new IllegalArgumentException("nothing is said about how a " + data.getClass() + " is written");
    }

    /** No text of a recording begins with the byte 0, and no number is so large that it does not. */
    private static Object object(byte[] bytes) {
        boolean number = bytes.length == Long.BYTES && bytes[0] == 0;
        return number ? (Object) ByteBuffer.wrap(bytes).getLong() : new String(bytes, StandardCharsets.UTF_8);
    }
}
