package oracle.describe;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Punctuations by both clocks, and what a context tells and does. */
final class Punctuations {
    private static final PunctuationType STREAM = PunctuationType.STREAM_TIME;
    private static final PunctuationType WALL = PunctuationType.WALL_CLOCK_TIME;

    private Punctuations() {}

    @Case(id = "punctuate-stream-time", note = "punctuations by stream time that are there from the begin")
    static void punctuateStreamTime(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Ticks(Plan.every(STREAM, 5_000), Plan.every(STREAM, 17_001))).to("output");
    }

    @Case(id = "punctuate-wall-clock", note = "the same by the clock on the wall")
    static void punctuateWallClock(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Ticks(Plan.every(WALL, 5_000), Plan.every(WALL, 1_701))).to("output");
    }

    @Case(id = "punctuate-stream-time-anchored", note = "by stream time, on a grid that begins where it is told: past, to come, and on the way")
    static void punctuateStreamTimeAnchored(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Ticks(Plan.from(STREAM, 5_000, 503), Plan.from(STREAM, 30_000, 10_060_000)).onTheWay(Plan.from(STREAM, 10_000, 0)))
            .to("output");
    }

    @Case(id = "punctuate-wall-clock-anchored", note = "by the clock on the wall: a grid that it stands on, others that are past and to come, and on the way")
    static void punctuateWallClockAnchored(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Ticks(Plan.from(WALL, 10_000, 0), Plan.from(WALL, 3_000, 7), Plan.from(WALL, 3_001, 10_000_000),
            Plan.from(WALL, 20_000, 10_020_500)).onTheWay(Plan.from(WALL, 997, 0))).to("output");
    }

    @Case(id = "punctuate-cancelled", note = "punctuations that come and go with the records, and end in a punctuation")
    static void punctuateCancelled(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.process(() -> new Ticks(Plan.every(STREAM, 1_000), Plan.every(WALL, 1_000)).onTheWay(Plan.every(STREAM, 5_000)).upTo(3))
            .to("output");
    }

    @Case(id = "punctuate-values", note = "punctuations of a fixed-key processor: what it tells of them with the next record")
    static void punctuateValues(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        in.processValues(ValueTicks::new, Named.as("my-processor")).to("output");
    }

    @Case(id = "punctuate-to-a-child", note = "records go to one child by its name, punctuations to the other; a processor behind tells where they are from")
    static void punctuateToAChild(StreamsBuilder b) {
        KStream<String, String> in = b.stream("input");
        KStream<String, String> sorted = in.process(Sorts::new, Named.as("sorts"));
        sorted.process(Tells::new, Named.as("left")).to("output-left");
        sorted.process(Tells::new, Named.as("right")).to("output-right");
    }

    /** When to be called. */
    record Plan(PunctuationType type, long interval, Long start) {
        static Plan every(PunctuationType type, long interval) {
            return new Plan(type, interval, null);
        }

        static Plan from(PunctuationType type, long interval, long start) {
            return new Plan(type, interval, start);
        }
    }

    /** Java tells of a record without a topic where there is none. */
    static String place(Optional<RecordMetadata> metadata) {
        return metadata.filter(of -> of.topic() != null).map(of -> of.topic() + "/" + of.partition() + "/" + of.offset()).orElse("nowhere");
    }

    /** Forwards records, and a record for each punctuation. The value "1" makes one more punctuation, "22" cancels all. */
    static final class Ticks extends ContextualProcessor<String, String, String, String> {
        private final Plan[] plans;
        private final List<Cancellable> timers = new ArrayList<>();
        private Plan onTheWay;
        private int left = Integer.MAX_VALUE;

        Ticks(Plan... plans) {
            this.plans = plans;
        }

        Ticks onTheWay(Plan plan) {
            onTheWay = plan;
            return this;
        }

        /** So many punctuations, then all are cancelled. */
        Ticks upTo(int punctuations) {
            left = punctuations;
            return this;
        }

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            for (Plan plan : plans) {
                schedule(plan);
            }
        }

        private void schedule(Plan plan) {
            String name = "tick" + timers.size();
            Duration interval = Duration.ofMillis(plan.interval());
            timers.add(plan.start() == null
                ? context().schedule(interval, plan.type(), time -> tick(name, time))
                : context().schedule(Instant.ofEpochMilli(plan.start()), interval, plan.type(), time -> tick(name, time)));
        }

        private void tick(String name, long time) {
            context().forward(new Record<>(name, place(context().recordMetadata()), time));
            left--;
            if (left == 0) {
                timers.forEach(Cancellable::cancel);
            }
        }

        @Override
        public void process(Record<String, String> record) {
            if (record.value().equals("1") && onTheWay != null) {
                // no two at the same time: Java calls those in no certain order
                int number = timers.size();
                schedule(onTheWay.start() == null
                    ? Plan.every(onTheWay.type(), onTheWay.interval() + number)
                    : Plan.from(onTheWay.type(), onTheWay.interval(), onTheWay.start() + number));
            } else if (record.value().equals("22")) {
                timers.forEach(Cancellable::cancel);
                context().commit();
            }
            context().forward(record);
        }
    }

    /** Tells of the punctuations before each record. */
    static final class ValueTicks extends ContextualFixedKeyProcessor<String, String, String> {
        private final StringBuilder ticks = new StringBuilder();
        private Cancellable wall;

        @Override
        public void init(FixedKeyProcessorContext<String, String> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(5_000), STREAM, time -> ticks.append(" stream ").append(time));
            wall = context.schedule(Instant.ofEpochMilli(10_000_000), Duration.ofMillis(5_000), WALL, time -> ticks.append(" wall ").append(time));
        }

        @Override
        public void process(FixedKeyRecord<String, String> record) {
            if (record.value().equals("22")) {
                wall.cancel();
            }
            String told = record.value() + " " + place(context().recordMetadata()) + ticks;
            ticks.setLength(0);
            context().forward(record.withValue(told).withTimestamp(record.timestamp() + 1));
        }
    }

    /** Records go left, punctuations right; numbers go to both. */
    static final class Sorts extends ContextualProcessor<String, String, String, String> {
        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(10_000), STREAM, time -> context.forward(new Record<>("stream", "tick", time), "right"));
            context.schedule(Duration.ofMillis(10_000), WALL, time -> context.forward(new Record<>("wall", "tick", time), "right"));
        }

        @Override
        public void process(Record<String, String> record) {
            Record<String, String> forward = record.withTimestamp(record.timestamp() + 7);
            if (record.value().matches("[0-9]+")) {
                context().forward(forward);
            } else {
                forward.headers().add("sorted", record.key().getBytes(StandardCharsets.UTF_8));
                context().forward(forward, "left");
            }
        }
    }

    /** Tells what its context knows of a record. */
    static final class Tells extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(Record<String, String> record) {
            String told = record.value() + " " + place(context().recordMetadata()) + " " + context().currentStreamTimeMs();
            context().forward(record.withValue(told));
        }
    }
}
