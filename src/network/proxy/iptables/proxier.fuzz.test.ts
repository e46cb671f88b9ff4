import { expect, test } from 'vitest'
import { fuzzIptables } from '../testing/iptables-fuzz.ts'

/** The long run is `npx tsx bench/proxy-fuzz.ts iptables 100000`. */
test.each([1, 2, 3, 4])('iptables: kept up to date = made anew, seed %i', (seed) => {
  expect(fuzzIptables(seed, 500).compared).toBeGreaterThan(100)
})
