package dev.millrace.engine.template;

import java.util.ArrayList;
import java.util.List;

/**
 * The keys, values or items of a mapping.
 *
 * @param type dict_keys, dict_values or dict_items
 * @param dict whose
 */
record View(String type, Dict dict) implements Value {

  List<Value> values() {
    List<Value> values = new ArrayList<>();
    for (Dict.Entry entry : dict.entries()) {
      values.add(
          switch (type) {
            case "dict_keys" -> entry.key();
            case "dict_values" -> entry.value();
            default -> Items.tuple(List.of(entry.key(), entry.value()));
          });
    }
    return values;
  }
}
