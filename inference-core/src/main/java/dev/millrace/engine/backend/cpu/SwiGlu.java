package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.MatrixSource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;

/**
 * Packed weights of a SwiGLU block, dense or one expert, and the products that use them. Immutable.
 */
final class SwiGlu implements FeedForward {

  private final PackedMatrix gate;
  private final PackedMatrix up;
  private final PackedMatrix down;
  private final Product[] gates;
  private final Product[] ups;
  private final Product[] downsAdding;
  private final Product[] downsStoring;

  private SwiGlu(PackedMatrix gate, PackedMatrix up, PackedMatrix down, Products products) {
    this.gate = gate;
    this.up = up;
    this.down = down;
    gates = new Product[gate.panels()];
    ups = new Product[gate.panels()];
    downsAdding = new Product[down.panels()];
    downsStoring = new Product[down.panels()];
    ElementType type = gate.format().type();
    int tile = gate.panelOutputs();
    for (int p = 0; p < gates.length; p++) {
      int outputs = gate.outputsOf(p);
      gates[p] =
          products.get(
              ProductShape.storing(gate.inputs(), outputs, type, gate.inputs(), tile),
              gate.format());
      ups[p] =
          products.get(
              ProductShape.storing(up.inputs(), outputs, type, up.inputs(), tile), up.format());
    }
    for (int p = 0; p < downsAdding.length; p++) {
      int outputs = down.outputsOf(p);
      downsAdding[p] = products.get(down(outputs, type, Epilogue.ADD), down.format());
      downsStoring[p] = products.get(down(outputs, type, Epilogue.STORE), down.format());
    }
  }

  private ProductShape down(int outputs, ElementType type, Epilogue epilogue) {
    return new ProductShape(down.inputs(), outputs, type, down.inputs(), down.outputs(), epilogue);
  }

  /** Packs a block and makes its products. */
  static SwiGlu pack(
      MatrixSource gate,
      MatrixSource up,
      MatrixSource down,
      ElementType type,
      WeightPacker packer,
      Products products) {
    if (gate.inputs() != up.inputs()
        || gate.outputs() != up.outputs()
        || down.inputs() != gate.outputs()
        || down.outputs() != gate.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "gate %dx%d, up %dx%d and down %dx%d do not make a feed-forward block",
              gate.outputs(),
              gate.inputs(),
              up.outputs(),
              up.inputs(),
              down.outputs(),
              down.inputs()));
    }
    return new SwiGlu(
        packer.pack(List.of(gate), type),
        packer.pack(List.of(up), type),
        packer.pack(List.of(down), type),
        products);
  }

  /** Input and output width. */
  int width() {
    return gate.inputs();
  }

  /** Storage type of the operands. */
  ElementType operandType() {
    return gate.format().type();
  }

  /** Width between the products. */
  int innerWidth() {
    return gate.outputs();
  }

  int innerPanels() {
    return gates.length;
  }

  int outerPanels() {
    return downsAdding.length;
  }

  /** Elements of one row of a scratch tile. */
  int tileWidth() {
    return gate.panelOutputs();
  }

  /** Rows that may be touched when {@code rows} are asked for. */
  int rowsTouched(int rows) {
    int touched = rows;
    for (Product[] all : List.of(gates, ups, downsAdding, downsStoring)) {
      for (Product product : all) {
        touched = Math.max(touched, product.rowsTouched(rows));
      }
    }
    return touched;
  }

  /**
   * {@code inner = silu(gate in) * (up in)} for one panel of outputs.
   *
   * @param in operands, address of the first row
   * @param inner operands
   * @param innerAt byte offset of the first row
   * @param gateTile scratch of this worker
   * @param upTile scratch of this worker
   * @param upcoming address of weights that this worker probably needs next, or 0
   */
  void inner(
      int worker,
      int panel,
      int rows,
      long in,
      MemorySegment inner,
      long innerAt,
      MemorySegment gateTile,
      MemorySegment upTile,
      long upcoming) {
    long upPanel = up.address(panel);
    gates[panel].run(worker, rows, in, gate.address(panel), gateTile.address(), upPanel);
    ups[panel].run(worker, rows, in, upPanel, upTile.address(), upcoming);
    ElementType type = operandType();
    int outputs = gate.outputsOf(panel);
    for (int row = 0; row < rows; row++) {
      long from = 4L * row * gate.panelOutputs();
      long element = (long) row * innerWidth() + (long) panel * gate.panelOutputs();
      RowMath.swiGlu(
          gateTile, upTile, from, inner, innerAt + element * type.bytes(), outputs, type);
    }
  }

  /** Address of the weights that a panel's {@link #inner} begins with. */
  long innerWeights(int panel) {
    return gate.address(panel);
  }

  /** Address of the weights of a panel's {@link #outer}. */
  long outerWeights(int panel) {
    return down.address(panel);
  }

  /**
   * {@code out = down inner} or {@code out += down inner} for one panel of outputs.
   *
   * @param upcoming address of weights that this worker probably needs next, or 0
   */
  void outer(int worker, int panel, int rows, long inner, long out, boolean adding, long upcoming) {
    Product product = adding ? downsAdding[panel] : downsStoring[panel];
    long to = out + (long) panel * down.panelOutputs() * Float.BYTES;
    product.run(worker, rows, inner, down.address(panel), to, upcoming);
  }
}
