import type { JsonObject } from '../../apimachinery/resource.ts'

/** Where a webhook is: a Service, or an address. */
export interface WebhookAddress {
  readonly url?: string
  readonly service?: { readonly namespace: string; readonly name: string; readonly port: number; readonly path: string }
  /** Whether the configuration says which certificates to trust. */
  readonly hasCaBundle: boolean
}

/** The body that came back, or why none did, as Go's HTTP client words it after 'Post "https://...": '. */
export type WebhookReply = { readonly body: unknown } | { readonly failure: string }

/**
 * The way from the API server to webhooks. cluster/ plugs in one that finds the pod behind the Service.
 * SIMPLIFIED: an answer comes at the same instant; one that takes longer than the limit is a timeout.
 */
export interface WebhookCaller {
  post(address: WebhookAddress, body: JsonObject, timeoutMs: number): WebhookReply
}

/** The address as messages show it. */
export function webhookUrl({ url, service }: WebhookAddress, timeoutSeconds: number): string {
  const base = url ?? `https://${service?.name}.${service?.namespace}.svc:${service?.port}${service?.path || '/'}`
  return `${base}${base.includes('?') ? '&' : '?'}timeout=${timeoutSeconds}s`
}

/** The caller of an API server that reaches nobody. */
export const NO_WEBHOOKS: WebhookCaller = { post: () => ({ failure: 'dial tcp: connect: network is unreachable' }) }
