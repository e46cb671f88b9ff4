/** npx tsx bench/proxy-fuzz.ts iptables|ipvs|nftables CHANGES [SEED]: the long run of the comparisons in *.fuzz.test.ts. */
import { fuzzIptables } from '../src/network/proxy/testing/iptables-fuzz.ts'
import { fuzzIpvs } from '../src/network/proxy/testing/ipvs-fuzz.ts'
import { fuzzNftables } from '../src/network/proxy/testing/nftables-fuzz.ts'

const PER_SEED = 1000
const RUNS: { readonly [mode: string]: (seed: number, changes: number) => { readonly compared: number } } = {
  iptables: fuzzIptables,
  ipvs: fuzzIpvs,
  nftables: fuzzNftables,
}

const [mode = 'iptables', count = '100000', first = '1'] = process.argv.slice(2)
const run = RUNS[mode]
if (!run) throw new Error(`no such mode: ${mode}`)
let compared = 0
for (let done = 0; done < Number(count); done += PER_SEED) compared += run(Number(first) + done / PER_SEED, PER_SEED).compared
console.log(`${mode}: ${count} changes, ${compared} comparisons, all equal`)
