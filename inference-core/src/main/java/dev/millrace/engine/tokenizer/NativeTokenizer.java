package dev.millrace.engine.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.millrace.engine.natives.UnpackedLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/**
 * One tokenizer inside DJL's native library. Calls it directly, because the class above it builds
 * offsets, masks and texts for every token, which a document of megabytes cannot afford.
 * Thread-safe.
 */
final class NativeTokenizer implements AutoCloseable {

  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final long handle;
  private boolean closed;

  NativeTokenizer(Path file, String json) {
    Library.load();
    try {
      this.handle = TokenizersLibrary.LIB.createTokenizerFromString(json);
    } catch (RuntimeException e) {
      throw new TokenizerException(file, "the tokenizer library refuses it: " + e.getMessage(), e);
    }
  }

  /**
   * What became of a text.
   *
   * @param ids of its tokens
   * @param words for each token the number of the pre-tokenizer's word it belongs to
   */
  record Words(int[] ids, long[] words) {}

  /** Ids of {@code text}, which has no lone surrogates; nothing is added. */
  int[] encode(String text) {
    return encode(text, NativeTokenizer::ids);
  }

  /** The same, with words. */
  Words encodeWords(String text) {
    return encode(
        text, encoding -> new Words(ids(encoding), TokenizersLibrary.LIB.getWordIds(encoding)));
  }

  private <T> T encode(String text, LongFunction<T> read) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer is closed");
      }
      long encoding = TokenizersLibrary.LIB.encode(handle, text, false);
      try {
        return read.apply(encoding);
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  private static int[] ids(long encoding) {
    long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
    int[] narrow = new int[ids.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return narrow;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        TokenizersLibrary.LIB.deleteTokenizer(handle);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** The native library: never from the network, unpacked where only we can write. */
  private static final class Library {

    static {
      System.setProperty("ai.djl.offline", "true");
      System.setProperty("OPT_OUT_TRACKING", "true");
      propose("DJL_CACHE_DIR", "djl");
      // It loads DJL's library, and would make a directory of its own in a home that is none.
      propose("jna.tmpdir", "jna");
      LibUtils.checkStatus();
    }

    private Library() {}

    /** Runs the initialiser, once. */
    static void load() {}

    private static void propose(String property, String name) {
      if (System.getProperty(property) == null) {
        System.setProperty(property, cache(name).toString());
      }
    }

    /** Below the user's home; where there is none that can be written, below temporary files. */
    private static Path cache(String name) {
      Path home = Path.of(System.getProperty("user.home", ""));
      // Without a home the property may be anything: "?", "/nonexistent", another user's.
      if (home.isAbsolute() && Files.isWritable(home)) {
        Path cache = home.resolve(".cache").resolve("millrace").resolve(name);
        try {
          if (!Files.isDirectory(cache)) {
            Files.createDirectories(cache.getParent());
            Files.createDirectory(
                cache,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
          }
          if (Files.isWritable(cache)) {
            return cache;
          }
        } catch (IOException | UnsupportedOperationException e) {
          // Not ours to write, then.
        }
      }
      return UnpackedLibraries.directory(name);
    }
  }
}
