// From the log-probability of an answer to the probability that it is right: see charseq's
// documentation of `Calibration`.

const KEPT = 0.1; // Of its doubt an answer keeps this share, whatever the offset takes off.

/**
 * Return the probability, from 0 to 1, that an answer is right.
 *
 * @param {{temperature: number, offset_per_symbol: number, reach: number}} calibration
 * @param {number} logProbability of the answer, its end included; -Infinity where it has none
 * @param {number} symbols in the answer, its end counted
 */
export function confidence(calibration, logProbability, symbols) {
  const { temperature, offset_per_symbol: offset, reach } = calibration;
  const raised = Math.min(logProbability + offset * symbols, KEPT * logProbability);
  const doubt = Math.max(0, -raised);
  const mostSpared = reach * Math.max(0, 1 - 1 / temperature);
  return Math.exp(-Math.max(doubt / temperature, doubt - mostSpared));
}
