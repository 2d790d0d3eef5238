package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.architecture.Visible;
import java.util.List;

/** Backends that are right but for one rule of a family, as an implementation easily gets wrong. */
enum Mistakes {
  /** The parts of the chosen experts are not divided by their sum. */
  NO_RENORMALISATION {
    @Override
    Router rule(Router rule) {
      return rule.equals(new Router.SoftmaxOnOutput(true))
          ? new Router.SoftmaxOnOutput(false)
          : rule;
    }
  },
  /** They are, where they must not be. */
  NEEDLESS_RENORMALISATION {
    @Override
    Router rule(Router rule) {
      return rule.equals(new Router.SoftmaxOnOutput(false))
          ? new Router.SoftmaxOnOutput(true)
          : rule;
    }
  },
  /** Experts are weighed by sigmoids of their logits, on their inputs. */
  OTHER_ROUTER {
    @Override
    Router rule(Router rule) {
      return new Router.SigmoidOnInput();
    }
  },
  /** The learnt norm comes after the rotation. */
  NORM_AFTER_ROTATION {
    @Override
    void rotateAndStore(ComputeBackend target, Head head) {
      AttentionSpec spec = head.spec();
      if (!(spec.headNorm() instanceof HeadNorm.Learnt)) {
        super.rotateAndStore(target, head);
        return;
      }
      // the reference rotates in place, so that a second pass finds rotated heads
      AttentionSpec rotating = with(spec, spec.rotary(), HeadNorm.NONE);
      target.rotateAndStore(head.qkv(), rotating, List.of(), head.cache(), head.layer());
      AttentionSpec norming = with(spec, RotaryEmbedding.NONE, spec.headNorm());
      target.rotateAndStore(head.qkv(), norming, head.norms(), head.cache(), head.layer());
    }
  },
  /** The weights of q go to k, and those of k to q. */
  NORMS_EXCHANGED {
    @Override
    void rotateAndStore(ComputeBackend target, Head head) {
      super.rotateAndStore(
          target,
          new Head(head.qkv(), head.spec(), head.norms().reversed(), head.cache(), head.layer()));
    }
  },
  /** Neighbours are rotated instead of halves. */
  NEIGHBOURS_FOR_HALVES {
    @Override
    void rotateAndStore(ComputeBackend target, Head head) {
      RotaryEmbedding rotary = head.spec().rotary();
      AttentionSpec other =
          with(
              head.spec(),
              new RotaryEmbedding(rotary.frequencies(), Pairing.INTERLEAVED),
              head.spec().headNorm());
      super.rotateAndStore(
          target, new Head(head.qkv(), other, head.norms(), head.cache(), head.layer()));
    }
  },
  /** Each pair is turned the other way round, as if its halves were exchanged. */
  HALVES_EXCHANGED {
    @Override
    void rotateAndStore(ComputeBackend target, Head head) {
      double[] frequencies = head.spec().rotary().frequencies();
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] = -frequencies[i];
      }
      AttentionSpec other =
          with(
              head.spec(),
              new RotaryEmbedding(frequencies, head.spec().rotary().pairing()),
              head.spec().headNorm());
      super.rotateAndStore(
          target, new Head(head.qkv(), other, head.norms(), head.cache(), head.layer()));
    }
  },
  /** A window of so many tokens before the row, and the row. */
  WINDOW_WITHOUT_THE_ROW {
    @Override
    Visible seen(Visible visible) {
      return visible instanceof Visible.Window(int tokens)
          ? new Visible.Window(tokens + 1)
          : visible;
    }
  },
  /** What a row sees begins at a multiple of the window. */
  CHUNK_FOR_WINDOW {
    @Override
    Visible seen(Visible visible) {
      return visible instanceof Visible.Window(int tokens) ? new Visible.Chunk(tokens) : visible;
    }
  };

  /** Arguments of {@link ComputeBackend#rotateAndStore}. */
  record Head(Rows qkv, AttentionSpec spec, List<Vector> norms, KvCache cache, int layer) {}

  /** What becomes of a router's rule. */
  Router rule(Router rule) {
    return rule;
  }

  /** What becomes of what a row sees. */
  Visible seen(Visible visible) {
    return visible;
  }

  /** What is done in place of the operation. */
  void rotateAndStore(ComputeBackend target, Head head) {
    target.rotateAndStore(head.qkv(), head.spec(), head.norms(), head.cache(), head.layer());
  }

  /** The backend with this mistake. */
  ComputeBackend in(ComputeBackend target) {
    return new ForwardingBackend(target) {
      @Override
      public MoeWeights moe(MoeSource source) {
        return super.moe(
            new MoeSource(
                source.router(),
                rule(source.rule()),
                source.experts(),
                source.shared(),
                source.topK()));
      }

      @Override
      public void rotateAndStore(
          Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
        Mistakes.this.rotateAndStore(target, new Head(qkv, spec, headNorms, cache, layer));
      }

      @Override
      public void attend(Rows queries, AttentionSpec spec, KvCache cache, int layer, Rows out) {
        super.attend(queries, seeing(spec, seen(spec.visible())), cache, layer, out);
      }
    };
  }

  private static AttentionSpec with(AttentionSpec spec, RotaryEmbedding rotary, HeadNorm norm) {
    return new AttentionSpec(
        spec.queryHeads(),
        spec.kvHeads(),
        spec.headDimension(),
        rotary,
        norm,
        spec.visible(),
        Temperature.NONE);
  }

  private static AttentionSpec seeing(AttentionSpec spec, Visible visible) {
    return new AttentionSpec(
        spec.queryHeads(),
        spec.kvHeads(),
        spec.headDimension(),
        spec.rotary(),
        spec.headNorm(),
        visible,
        spec.temperature());
  }
}
