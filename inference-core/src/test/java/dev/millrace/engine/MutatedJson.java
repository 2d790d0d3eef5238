package dev.millrace.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** JSON with a few things wrong, at random. Not thread-safe. */
public final class MutatedJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SplittableRandom random;
  private final List<String> values;

  /**
   * Prepares mutations.
   *
   * @param values JSON that takes the place of something
   */
  public MutatedJson(SplittableRandom random, List<String> values) {
    this.random = random;
    this.values = List.copyOf(values);
  }

  /** A few values replaced, removed or moved elsewhere. */
  public String edited(String sound) throws IOException {
    JsonNode root = JSON.readTree(sound);
    for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
      edit(root);
    }
    return root.toString();
  }

  /** A few bytes changed, removed or doubled; mostly no JSON any more. */
  public byte[] damaged(String sound) {
    byte[] bytes = sound.getBytes(StandardCharsets.UTF_8);
    for (int edits = random.nextInt(1, 4); edits > 0 && bytes.length > 1; edits--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        default -> {
          byte[] doubled = Arrays.copyOf(bytes, bytes.length + bytes.length - at);
          System.arraycopy(bytes, at, doubled, bytes.length, bytes.length - at);
          bytes = doubled;
        }
      }
    }
    return bytes;
  }

  /** Replaces or removes one value; descends at random, so that the outer ones are hit as well. */
  private void edit(JsonNode root) throws IOException {
    JsonNode parent = root;
    while (true) {
      List<String> keys = new ArrayList<>();
      parent.fieldNames().forEachRemaining(keys::add);
      int children = parent.size();
      if (children == 0) {
        return;
      }
      int index = random.nextInt(children);
      JsonNode child = parent.isObject() ? parent.get(keys.get(index)) : parent.get(index);
      if (child.size() > 0 && random.nextInt(5) != 0) {
        parent = child;
        continue;
      }
      JsonNode value = JSON.readTree(values.get(random.nextInt(values.size())));
      boolean remove = random.nextInt(5) == 0;
      if (parent instanceof ObjectNode object) {
        if (remove) {
          object.remove(keys.get(index));
        } else {
          object.set(keys.get(index), value);
        }
      } else if (parent instanceof ArrayNode array) {
        if (remove) {
          array.remove(index);
        } else {
          array.set(index, value);
        }
      }
      return;
    }
  }
}
