package dev.millrace.engine.backend;

/** Paged key-value memory of all layers on the device. Made and closed by its backend. */
public interface KvCache {
  /** Its extents. */
  KvShape shape();
}
