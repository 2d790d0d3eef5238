package dev.millrace.schema;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Avro's way from schema to class, open to the classes of one contract only: a name in a foreign
 * schema never loads a class. Thread-safe: what is here is written by the constructor alone.
 */
final class RecordClasses extends SpecificData {

  static {
    TrustedClasses.trust();
  }

  private final Map<String, Class<?>> classes = new LinkedHashMap<>();
  private final Schema schema;

  /** The class and those its schema refers to. */
  RecordClasses(Class<? extends SpecificRecord> type) {
    super(type.getClassLoader());
    this.schema = getSchema(type);
    addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    collect(schema, type.getClassLoader());
  }

  /** The class's schema. */
  Schema schema() {
    return schema;
  }

  private void collect(Schema part, ClassLoader loader) {
    switch (part.getType()) {
      case RECORD -> {
        if (add(part, loader)) {
          part.getFields().forEach(field -> collect(field.schema(), loader));
        }
      }
      case ENUM, FIXED -> add(part, loader);
      case ARRAY -> collect(part.getElementType(), loader);
      case MAP -> collect(part.getValueType(), loader);
      case UNION -> part.getTypes().forEach(branch -> collect(branch, loader));
      default -> {}
    }
  }

  private boolean add(Schema named, ClassLoader loader) {
    try {
      Class<?> type = Class.forName(getClassName(named), true, loader);
      return classes.put(named.getFullName(), type) == null;
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("no class was generated for " + named.getFullName(), e);
    }
  }

  /** Keeps the order of the bytes, which is the producer's; Avro's own would not. */
  @Override
  public Object newMap(Object old, int size) {
    return new LinkedHashMap<>();
  }

  @Override
  @SuppressWarnings("rawtypes")
  public @Nullable Class getClass(Schema part) {
    return switch (part.getType()) {
      case RECORD, ENUM, FIXED -> classes.get(part.getFullName());
      default -> super.getClass(part);
    };
  }
}
