// oxlint-disable-next-line no-restricted-imports -- for tests, which run in Node
import { readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import { applyFile } from '../../kubectl/apply.ts'
import type { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

/** Applies an example of the gallery, as a user would. */
export function applyExample(cluster: Cluster, id: string): void {
  const text = readFileSync(new URL(`../../ui/gallery/manifests/${id}.yaml`, import.meta.url), 'utf8')
  for (const object of loadAll(text)) applyObject(cluster, object as object)
}

/** kubectl apply of one object. Gives what it says. */
export function applyObject(cluster: Cluster, object: object): string {
  const findKind = (apiVersion: string, kind: string) => cluster.api.resources.findKind(apiVersion, kind)
  const door = { call: (request: Parameters<Cluster['call']>[0]) => cluster.call(request, ADMIN), findKind }
  return applyFile(door, JSON.stringify(object))
    .map(({ message }) => message)
    .join('\n')
}
