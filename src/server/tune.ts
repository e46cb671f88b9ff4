import { setFlagsFromString } from 'node:v8'

/**
 * The engine is broad and flat: hundreds of functions, none of them hot for long. V8's defaults optimize them so early
 * and inline so much that a third of a short run goes into compiling; with these, compiling waits until it pays.
 * Measured with 300 pods: 35% less CPU; with 8,000: no difference.
 */
export function tuneForEngine(): void {
  setFlagsFromString('--interrupt-budget=600000')
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=200')
}
