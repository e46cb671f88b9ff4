/** Lines of a Go component's log. Source: k8s.io/klog v2. */

import { formatTime } from '../../sim/time.ts'
export type Severity = 'I' | 'W' | 'E' | 'F'
export type LogValue = string | number | boolean | readonly string[]

const PROCESS = 1

/** 'I0605 08:47:52.334298       1 server.go:228] "Successfully retrieved NodeIPs" NodeIPs=["10.0.0.11"]'. */
export function klogLine(
  severity: Severity,
  nowMs: number,
  place: string,
  message: string,
  values: { readonly [name: string]: LogValue } = {},
): string {
  const pairs = Object.entries(values).map(([name, value]) => ` ${name}=${valueText(value)}`)
  return `${severity}${timeText(nowMs)} ${String(PROCESS).padStart(7)} ${place}] ${JSON.stringify(message)}${pairs.join('')}`
}

function valueText(value: LogValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(',')}]` : String(value)
}

/** 'MMDD hh:mm:ss.uuuuuu' in UTC. */
function timeText(nowMs: number): string {
  const iso = formatTime(nowMs)
  const [date = '', time = ''] = iso.split('T')
  const micro = String((nowMs % 1000) * 1000).padStart(6, '0')
  return `${date.slice(5, 7)}${date.slice(8, 10)} ${time.slice(0, 8)}.${micro}`
}
