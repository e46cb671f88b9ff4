/** /metrics: the few that tell how kube-proxy is doing. SIMPLIFIED: counters and gauges of syncs only, no histograms. */
import type { FamilyProxy } from './family-proxy.ts'

export function proxyMetrics(families: readonly FamilyProxy[]): string {
  const gauge = (name: string, help: string, value: (family: FamilyProxy) => number) => [
    `# HELP ${name} [ALPHA] ${help}`,
    `# TYPE ${name} gauge`,
    ...families.map((each) => `${name}{ip_family="${each.family}"} ${value(each)}`),
  ]
  const lines = [
    ...gauge(
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      'The last time proxy rules were successfully synced',
      ({ lastSyncMs }) => lastSyncMs / 1000,
    ),
    ...gauge('kubeproxy_sync_proxy_rules_duration_seconds_count', 'SyncProxyRules latency in seconds', ({ syncs }) => syncs),
  ]
  return `${lines.join('\n')}\n`
}
