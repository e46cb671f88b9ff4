import { loadAll } from 'js-yaml'
import { applyFile } from '../../kubectl/apply.ts'
import type { Cluster } from '../cluster.ts'
import { ADMIN } from '../identities.ts'

/** Applies a manifest of several documents, as a user would. */
export function applyManifest(cluster: Cluster, text: string): void {
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
