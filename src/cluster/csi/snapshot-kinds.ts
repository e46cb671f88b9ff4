import { StatusError } from '../../apimachinery/errors.ts'
import type { KubeObject, ResourceRef } from '../../apimachinery/resource.ts'
import type { Client } from '../../client/client.ts'
import type { Task } from '../../sim/task.ts'

/** The kinds of snapshots: custom resources that their controller's manifest brings along. Source: external-snapshotter 8. */

const GROUP = { group: 'snapshot.storage.k8s.io', version: 'v1' }

export interface VolumeSnapshot extends KubeObject {
  readonly spec?: {
    readonly volumeSnapshotClassName?: string
    readonly source: { readonly persistentVolumeClaimName?: string; readonly volumeSnapshotContentName?: string }
  }
  readonly status?: {
    readonly boundVolumeSnapshotContentName?: string
    readonly readyToUse?: boolean
    readonly creationTime?: string
    readonly restoreSize?: string
    readonly error?: { readonly message: string; readonly time: string }
  }
}

export interface VolumeSnapshotContent extends KubeObject {
  readonly spec?: {
    readonly deletionPolicy: 'Delete' | 'Retain'
    readonly driver: string
    readonly source: { readonly volumeHandle?: string; readonly snapshotHandle?: string }
    readonly volumeSnapshotClassName?: string
    readonly volumeSnapshotRef: { readonly namespace?: string; readonly name?: string; readonly uid?: string }
  }
  readonly status?: { readonly snapshotHandle?: string; readonly readyToUse?: boolean; readonly restoreSize?: number }
}

export interface VolumeSnapshotClass extends KubeObject {
  readonly driver: string
  readonly deletionPolicy: 'Delete' | 'Retain'
}

export const volumesnapshots: ResourceRef<VolumeSnapshot> = {
  ...GROUP,
  resource: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
}
export const volumesnapshotcontents: ResourceRef<VolumeSnapshotContent> = {
  ...GROUP,
  resource: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  namespaced: false,
}
export const volumesnapshotclasses: ResourceRef<VolumeSnapshotClass> = {
  ...GROUP,
  resource: 'volumesnapshotclasses',
  kind: 'VolumeSnapshotClass',
  namespaced: false,
}

/** The storage's own name of a snapshot that is ready; undefined otherwise. */
export function* snapshotContent(client: Client, namespace: string, name: string): Task<string | undefined> {
  try {
    const { status } = yield* client.get(volumesnapshots, namespace, name)
    if (!status?.readyToUse) return undefined
    const content = yield* client.get(volumesnapshotcontents, '', status.boundVolumeSnapshotContentName ?? '')
    return content.status?.snapshotHandle
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}
