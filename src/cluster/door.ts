import type { Cluster } from './cluster.ts'
import { ADMIN } from './identities.ts'
import type { Door } from '../kubectl/door.ts'

/** kubectl's way into the cluster of this tab: the same HTTP codec that a served cluster uses, without a socket. */
export function clusterDoor(cluster: Cluster): Door {
  return {
    call: (request) => cluster.call(request, ADMIN),
    findKind(apiVersion, kind) {
      const info = cluster.api.resources.findKind(apiVersion, kind)
      return (
        info && {
          group: info.group,
          version: info.version,
          resource: info.resource,
          kind: info.kind,
          namespaced: info.namespaced,
          model: info.model,
        }
      )
    },
  }
}
