/**
 * The difference that Kubernetes prints when a pod changes where it may not: a unified diff of its internal types,
 * which have no JSON tags, as indented JSON.
 */
export function internalDiff(_type: string, _old: unknown, _now: unknown): string {
  return ''
}
