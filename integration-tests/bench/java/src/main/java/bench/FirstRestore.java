package bench;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** Says on stderr, once, when the first task has been assigned and begins to be restored, in the form of the other engine's log. */
final class FirstRestore implements StateRestoreListener {
    private final AtomicBoolean said = new AtomicBoolean();

    @Override
    public void onRestoreStart(TopicPartition partition, String store, long start, long end) {
        if (said.compareAndSet(false, true)) {
            System.err.println(Instant.now() + " INFO assigned tasks [0_" + partition.partition() + "]: " + store + " from " + start + " to " + end);
        }
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {}
}
