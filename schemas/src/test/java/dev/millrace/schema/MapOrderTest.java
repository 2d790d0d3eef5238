package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schema.avro.Document;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MapOrderTest {
  private static final long SEED = 43;

  @Test
  void shouldReadAndWriteMapsInTheOrderOfTheirProducer() {
    List<String> names =
        new ArrayList<>(IntStream.range(0, 200).mapToObj(i -> "name-" + i).toList());
    Collections.shuffle(names, new Random(SEED));
    Map<String, String> attributes = new LinkedHashMap<>();
    names.forEach(name -> attributes.put(name, "x"));
    // First, for it tells Avro to trust our classes, which the builder copies.
    WireSerializer<Document> serializer = new WireSerializer<>(7, Document.class);
    Document document = Document.newBuilder(Examples.document()).setAttributes(attributes).build();
    WireDeserializer<Document> deserializer =
        new WireDeserializer<>(_ -> new SchemaLookup.Found(document.getSchema()), Document.class);
    byte[] written = serializer.serialize(document);

    Decoding<Document> read = deserializer.decode(written, HeaderLookup.NONE);

    assertThat(read).isInstanceOf(Decoding.Value.class);
    Document again = ((Decoding.Value<Document>) read).value();
    assertThat(again.getAttributes().keySet()).as("seed %d", SEED).containsExactlyElementsOf(names);
    assertThat(serializer.serialize(again)).isEqualTo(written);
  }
}
