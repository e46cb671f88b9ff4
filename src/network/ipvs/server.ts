/** Virtual servers and the real servers behind them, with what the kernel counts of them. */
import { joinHostPort } from '../proxy/changes/addresses.ts'

export type IpvsProtocol = 'TCP' | 'UDP' | 'SCTP'
export type Forwarding = 'Masq' | 'Route' | 'Tunnel'

/** Window of the kernel's estimator. Milliseconds. */
const ESTIMATOR_MS = 2000

const ZEROS: readonly number[] = [0, 0, 0, 0, 0]

/** Totals, and rates as the kernel estimates them: a quarter of the difference each two seconds. */
export class Counters {
  conns = 0
  inPackets = 0
  outPackets = 0
  inBytes = 0
  outBytes = 0
  private rates = ZEROS
  private counted = ZEROS
  private window = 0

  connection(nowMs: number): void {
    this.estimate(nowMs)
    this.conns++
  }

  packet(from: 'client' | 'server', bytes: number, nowMs: number): void {
    this.estimate(nowMs)
    if (from === 'client') {
      this.inPackets++
      this.inBytes += bytes
    } else {
      this.outPackets++
      this.outBytes += bytes
    }
  }

  /** CPS, InPPS, OutPPS, InBPS, OutBPS. */
  perSecond(nowMs: number): readonly number[] {
    this.estimate(nowMs)
    return this.rates.map((rate) => Math.round(rate))
  }

  get totals(): readonly number[] {
    return [this.conns, this.inPackets, this.outPackets, this.inBytes, this.outBytes]
  }

  zero(): void {
    this.conns = this.inPackets = this.outPackets = this.inBytes = this.outBytes = 0
    this.rates = ZEROS
    this.counted = ZEROS
  }

  /** Closes the windows that have passed since it was last looked at. */
  private estimate(nowMs: number): void {
    const window = Math.floor(nowMs / ESTIMATOR_MS)
    const passed = window - this.window
    if (passed <= 0) return
    this.window = window
    const { totals } = this
    const decay = 0.75 ** (passed - 1)
    this.rates = totals.map((total, i) => {
      const seen = ((total - (this.counted[i] as number)) * 1000) / ESTIMATOR_MS
      const rate = this.rates[i] as number
      return (rate + (seen - rate) / 4) * decay
    })
    this.counted = totals
  }
}

export class RealServer {
  readonly address: string
  readonly port: number
  /** 'address:port'. */
  readonly text: string
  weight: number
  forwarding: Forwarding
  /** Connections above which no new ones come, and below which they come again; 0: none. */
  upperThreshold = 0
  lowerThreshold = 0
  overloaded = false
  active = 0
  inactive = 0
  persistent = 0
  /** It was deleted: its connections go with their next packet. */
  gone = false
  readonly counters = new Counters()

  constructor(address: string, port: number, weight = 1, forwarding: Forwarding = 'Masq') {
    this.address = address
    this.port = port
    this.text = joinHostPort(address, port)
    this.weight = weight
    this.forwarding = forwarding
  }
}

export class VirtualServer {
  readonly protocol: IpvsProtocol
  readonly address: string
  readonly port: number
  /** 'TCP 10.96.0.1:443'. */
  readonly key: string
  scheduler: string
  /** Seconds; 0: not persistent. */
  persistentSeconds = 0
  /** Clients of one network share their affinity. */
  netmask = '255.255.255.255'
  /** In the order in which they were added. */
  reals: readonly RealServer[] = []
  readonly counters = new Counters()
  /** What the scheduler remembers: position, current weight. */
  position = -1
  currentWeight = 0

  constructor(protocol: IpvsProtocol, address: string, port: number, scheduler: string) {
    this.protocol = protocol
    this.address = address
    this.port = port
    this.key = serverKey(protocol, address, port)
    this.scheduler = scheduler
  }

  real(text: string): RealServer | undefined {
    return this.reals.find((real) => real.text === text)
  }
}

export function serverKey(protocol: string, address: string, port: number): string {
  return `${protocol} ${joinHostPort(address, port)}`
}
