package oracle.describe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A topology to record: a static method that takes the StreamsBuilder. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Case {
    /** The file name of the recording. */
    String id();

    /** What is special about it, in a line. */
    String note();

    /** Whether it takes records without a key. */
    boolean nullKeys() default false;

    /** Whether it takes records without a value from topics that no table is made of. */
    boolean nullValues() default false;

    /** The version of {@code upgrade.from} that it is recorded with, if any. */
    String upgradeFrom() default "";
}
