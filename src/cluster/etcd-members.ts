import { RaftGroup } from '../etcd/raft.ts'
import type { Cluster } from './cluster.ts'
import type { ComponentProcess } from './component-images.ts'

interface Answer {
  readonly ok: boolean
  readonly message: string
}

/**
 * The members of the cluster's etcd. A cluster begins with one, of which nothing is modelled until somebody asks.
 * SIMPLIFIED: members beyond the control-plane machines have no machine and no static pod of their own, and a static pod
 * runs on when its member is stopped by hand.
 */
function membersOf({ etcd, sim, controlPlanes }: Cluster): RaftGroup {
  etcd.raft ??= new RaftGroup(sim, () => etcd.revision, controlPlanes)
  return etcd.raft
}

/** The member whose process is the etcd container of the n-th control-plane machine, from 0. */
export function etcdMember(cluster: Cluster, number: number): ComponentProcess {
  const name = `etcd-${number + 1}`
  return {
    // Members run from the start: only one that has ended starts.
    start: () => cluster.etcd.raft?.start(name),
    stop: () => membersOf(cluster).stop(name),
  }
}

/** Makes it a cluster of so many members; etcd advises 1, 3 or 5. */
export function resizeEtcd(cluster: Cluster, size: number): Answer {
  if (![1, 3, 5].includes(size)) return { ok: false, message: 'an etcd cluster here has 1, 3 or 5 members' }
  if (!membersOf(cluster).resize(size))
    return { ok: false, message: 'etcdserver: re-configuration failed due to not enough started members' }
  return { ok: true, message: size === 1 ? 'etcd has one member' : `etcd has ${size} members` }
}

export function stopEtcdMember(cluster: Cluster, name: string): Answer {
  const raft = membersOf(cluster)
  if (!raft.stop(name)) return { ok: false, message: `${name} is not a running member of etcd` }
  return { ok: true, message: raft.available ? `${name} has stopped` : `${name} has stopped; etcd takes no writes now` }
}

export function startEtcdMember(cluster: Cluster, name: string): Answer {
  if (!membersOf(cluster).start(name)) return { ok: false, message: `${name} is not a stopped member of etcd` }
  return { ok: true, message: `${name} starts` }
}
