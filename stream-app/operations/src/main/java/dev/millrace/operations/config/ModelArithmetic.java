package dev.millrace.operations.config;

/** Operands of the model's matrix products. */
public enum ModelArithmetic {
  /** What the backend thinks best. */
  AUTO,
  /** 32-bit floating point. */
  F32,
  /** bfloat16 operands, 32-bit accumulation. */
  BF16
}
