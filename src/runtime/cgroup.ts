/** A container's limits as files below /sys/fs/cgroup. */
export interface CgroupLimits {
  /** 0: none. */
  readonly memoryBytes: number
  readonly cpuMilli: number
  readonly cpuRequestMilli: number
}

const PERIOD_US = 100_000
const MIN_QUOTA_US = 1000

/** k8s 1.36: MilliCPUToShares, and the weight that runc makes of shares. */
function weight(milli: number): number {
  const shares = milli === 0 ? 2 : Math.min(262_144, Math.max(2, Math.floor((milli * 1024) / 1000)))
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142)
}

/** Version 2 of control groups. */
export function cgroupFiles({ memoryBytes, cpuMilli, cpuRequestMilli }: CgroupLimits): readonly (readonly [string, string])[] {
  const quota = cpuMilli === 0 ? 'max' : Math.max(MIN_QUOTA_US, (cpuMilli * PERIOD_US) / 1000)
  return [
    ['cpu.max', `${quota} ${PERIOD_US}\n`],
    ['cpu.weight', `${weight(cpuRequestMilli || cpuMilli)}\n`],
    ['memory.max', `${memoryBytes === 0 ? 'max' : memoryBytes}\n`],
  ]
}
