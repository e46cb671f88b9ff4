import type { Pod } from '../apimachinery/generated/types.ts'

/** The hardware of one node. */
export interface MachineSpec {
  readonly name: string
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** InternalIP. */
  readonly address: string
  readonly labels: { readonly [key: string]: string }
  readonly controlPlane: boolean
  readonly staticPods: readonly Pod[]
}

const GIB = 1024 ** 3

export interface MachineRequest {
  readonly name: string
  readonly number: number
  readonly cpu?: number
  readonly memoryGiB?: number
  readonly zone?: string
  readonly controlPlane?: boolean
  readonly staticPods?: (address: string) => readonly Pod[]
}

/** A machine of the usual size (4 CPUs, 8 GiB, 100 GB of disk) in the 10.0.0.0/16 node network. */
export function describeMachine(request: MachineRequest): MachineSpec {
  const { name, number, cpu = 4, memoryGiB = 8, zone, controlPlane = false } = request
  const address = `10.0.${Math.floor((number + 10) / 250)}.${((number + 10) % 250) + 1}`
  return {
    name,
    cpuMilli: Math.round(cpu * 1000),
    memoryBytes: Math.round(memoryGiB * GIB),
    diskBytes: 100 * GIB,
    address,
    controlPlane,
    labels: {
      ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
      ...(controlPlane
        ? { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
        : {}),
    },
    staticPods: request.staticPods?.(address) ?? [],
  }
}
