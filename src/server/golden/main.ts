/**
 * npm run golden -- DIR [--misses] [--only TEXT]
 * Runs every case of a folder of recorded facts in process, on virtual time, and prints passed/total per group.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { groups, type Group } from './groups.ts'

const args = process.argv.slice(2)
const showMisses = args.includes('--misses')
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined
const dir = args.find((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--only')

if (!dir || !existsSync(dir)) {
  console.error(
    dir
      ? `${dir}: no such folder`
      : 'usage: npm run golden -- DIR [--misses] [--only TEXT]\nDIR holds api/, behaviour/, scheduler/, kube-proxy/ and tables/ with recorded cases.',
  )
  process.exit(2)
}

let passed = 0
let total = 0
const began = Date.now()
for (const group of groups) runGroup(group, join(dir, group.folder))
console.log(`${'all'.padEnd(44)} ${String(passed).padStart(6)}/${total}   ${((Date.now() - began) / 1000).toFixed(1)} s`)

function runGroup(group: Group, folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return
  const tally = new Map<string, { passed: number; total: number }>()
  const misses: string[] = []
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json')) continue
    const name = basename(file, '.json')
    if (only !== undefined && !`${group.folder}/${name}`.includes(only)) continue
    const content: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    for (const result of group.run(content, name)) {
      const row = tally.get(result.row) ?? { passed: 0, total: 0 }
      tally.set(result.row, row)
      row.total++
      if (result.difference === null) row.passed++
      else misses.push(`  ${group.folder}/${result.name}: ${result.difference}`)
    }
  }
  for (const [row, { passed: p, total: t }] of tally) {
    passed += p
    total += t
    console.log(`${row.padEnd(44)} ${String(p).padStart(6)}/${t}${p === t ? '' : `   ${((100 * p) / t).toFixed(1)}%`}`)
  }
  if (showMisses) for (const miss of misses) console.log(miss)
}
