package dev.millrace.engine.request;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What all branches of a request continue: text and images in order. A conversation is one prompt,
 * a piece for each turn or several; what another request has in common with it from the beginning
 * on is computed once.
 *
 * @param pieces at least one
 */
public record Prompt(List<Piece> pieces) {

  /** A part of a prompt. */
  public sealed interface Piece {

    /** Tokens of a text. */
    final class Tokens implements Piece {
      private final int[] ids;

      /**
       * Copies the ids.
       *
       * @param ids at least one
       */
      public Tokens(int... ids) {
        this.ids = ids.clone();
        if (ids.length == 0) {
          throw new IllegalArgumentException("a piece of a prompt has at least one token, got 0");
        }
      }

      /** The ids, copied. */
      public int[] ids() {
        return ids.clone();
      }

      @Override
      public boolean equals(Object other) {
        return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
      }

      @Override
      public int hashCode() {
        return Arrays.hashCode(ids);
      }

      @Override
      public String toString() {
        return String.format(Locale.ROOT, "%d tokens", ids.length);
      }
    }

    /** An image; no engine computes one yet. */
    final class Image implements Piece {
      private final byte[] encoded;

      /**
       * Copies the bytes.
       *
       * @param encoded as in a file: PNG or JPEG
       */
      public Image(byte[] encoded) {
        this.encoded = encoded.clone();
        if (encoded.length == 0) {
          throw new IllegalArgumentException("an image has at least one byte, got 0");
        }
      }

      /** The bytes, copied. */
      public byte[] encoded() {
        return encoded.clone();
      }

      @Override
      public boolean equals(Object other) {
        return other instanceof Image image && Arrays.equals(encoded, image.encoded);
      }

      @Override
      public int hashCode() {
        return Arrays.hashCode(encoded);
      }

      @Override
      public String toString() {
        return String.format(Locale.ROOT, "an image of %d bytes", encoded.length);
      }
    }
  }

  /** Refuses an empty prompt. */
  public Prompt {
    pieces = List.copyOf(pieces);
    if (pieces.isEmpty()) {
      throw new IllegalArgumentException("a prompt has at least one piece, got none");
    }
  }

  /**
   * A prompt of text alone.
   *
   * @param ids at least one
   */
  public static Prompt of(int... ids) {
    return new Prompt(List.of(new Piece.Tokens(ids)));
  }

  /** The ids of its tokens in order, those of images left out; a new array. */
  public int[] tokens() {
    int count = 0;
    for (Piece piece : pieces) {
      count += piece instanceof Piece.Tokens tokens ? tokens.ids.length : 0;
    }
    int[] ids = new int[count];
    int at = 0;
    for (Piece piece : pieces) {
      if (piece instanceof Piece.Tokens tokens) {
        System.arraycopy(tokens.ids, 0, ids, at, tokens.ids.length);
        at += tokens.ids.length;
      }
    }
    return ids;
  }
}
