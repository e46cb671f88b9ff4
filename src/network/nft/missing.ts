/** nft's answers to names that don't exist: with a similar name, if there is one. */
import { NftError, type Span } from './errors.ts'
import { inOrder, type Table } from './ruleset.ts'

const MISSING = 'No such file or directory'

/** `fromKernel`: the kernel said so, not nft's own look. */
function missing(hint: string | undefined, at: Span, fromKernel: boolean): NftError {
  if (hint !== undefined) return new NftError(`${MISSING}; did you mean ${hint}?`, at)
  return new NftError(fromKernel ? `Could not process rule: ${MISSING}` : MISSING, at)
}

export function missingTable(tables: Iterable<Table>, name: string, at: Span, fromKernel = true): NftError {
  const all = [...tables]
  const similar = all.find((table) => table.name === name) ?? closest(all, name)
  return missing(similar && `table ‘${similar.name}’ in family ${similar.family}`, at, fromKernel)
}

export function missingChain(table: Table, name: string, at: Span, fromKernel = true): NftError {
  const similar = closest(inOrder(table.chains.values()), name)
  return missing(similar && `chain ‘${similar.name}’ in table ${table.family} ‘${table.name}’`, at, fromKernel)
}

export function missingSet(table: Table, name: string, at: Span, fromKernel = true): NftError {
  const similar = closest(inOrder(table.sets.values()), name)
  const word = similar?.dataTypes ? 'map' : 'set'
  return missing(similar && `${word} ‘${similar.name}’ in table ${table.family} ‘${table.name}’`, at, fromKernel)
}

/** Similar enough to be a slip: about a third of the letters may differ. */
function closest<T extends { readonly name: string }>(things: readonly T[], name: string): T | undefined {
  let best: T | undefined
  let least = Infinity
  for (const thing of things) {
    const [longer, shorter] = [Math.max(name.length, thing.name.length), Math.min(name.length, thing.name.length)]
    if (longer <= 1) continue
    const cutoff = longer - shorter <= 1 ? Math.max(Math.ceil(longer / 3), 1) : Math.ceil((longer + 2) / 3)
    if (longer - shorter > cutoff) continue
    const apart = distance(name, thing.name)
    if (apart <= cutoff && apart < least) {
      least = apart
      best = thing
    }
  }
  return best
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++)
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
