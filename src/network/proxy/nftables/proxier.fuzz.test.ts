import { expect, test } from 'vitest'
import { fuzzNftables } from '../testing/nftables-fuzz.ts'

/** The long run is `npx tsx bench/proxy-fuzz.ts nftables 100000`. */
test.each([1, 2, 3, 4])('nftables: kept up to date = made anew, seed %i', (seed) => {
  expect(fuzzNftables(seed, 300).compared).toBeGreaterThan(60)
})
