package dev.millrace.engine.checkpoint.family;

/** Inverse frequencies of the rotary embedding, in double precision. */
final class RotaryFrequencies {

  private RotaryFrequencies() {}

  /** {@code theta^(-2j / dimension)} for j = 0 .. dimension / 2 - 1. */
  static double[] plain(double theta, int dimension) {
    double[] frequencies = new double[dimension / 2];
    for (int j = 0; j < frequencies.length; j++) {
      frequencies[j] = Math.pow(theta, -2.0 * j / dimension);
    }
    return frequencies;
  }

  /**
   * The {@code llama3} scaling: long waves are slowed by {@code factor}, short ones kept, those
   * between blended. {@code low == high} leaves nothing between.
   */
  static double[] llama3(double[] plain, double factor, double low, double high, double original) {
    double[] scaled = plain.clone();
    for (int j = 0; j < scaled.length; j++) {
      double wavelength = 2 * Math.PI / plain[j];
      if (wavelength > original / low) {
        scaled[j] = plain[j] / factor;
      } else if (wavelength >= original / high && high > low) {
        double share = (original / wavelength - low) / (high - low);
        scaled[j] = (1 - share) * plain[j] / factor + share * plain[j];
      }
    }
    return scaled;
  }
}
