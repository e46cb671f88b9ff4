/** Kinds by name, for people who mistype them. */
import resources from '../generated/resources.json' with { type: 'json' }
import { asModel } from './schema.ts'
import type { Model } from './schema.ts'

/** The number of letters to add, drop, change or swap to get from one text to the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? a.length
}

/** The candidate that is most like the text, if one is like it at all (a third of its letters may differ). */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(text.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** 'Deplyment' gives { apiVersion: 'apps/v1', kind: 'Deployment' }; also right kinds under a wrong apiVersion. */
export function nearestKind(kind: string): { readonly apiVersion: string; readonly kind: string } | undefined {
  const found = nearest(
    kind,
    resources.map((r) => r.kind),
  )
  const resource = resources.find((r) => r.kind === found)
  if (resource === undefined) return undefined
  const { group, version } = resource
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind: resource.kind }
}

/** The field of the model that was probably meant. */
export function nearestField(model: Model | string, name: string): string | undefined {
  return nearest(name, asModel(model).fields.keys())
}
