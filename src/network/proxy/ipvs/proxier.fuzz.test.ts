import { expect, test } from 'vitest'
import { fuzzIpvs } from '../testing/ipvs-fuzz.ts'

/** The long run is `npx tsx bench/proxy-fuzz.ts ipvs 100000`. */
test.each([1, 2, 3, 4])('IPVS: kept up to date = made anew, seed %i', (seed) => {
  expect(fuzzIpvs(seed, 500).compared).toBeGreaterThan(100)
})
