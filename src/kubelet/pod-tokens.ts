import { StatusError } from '../apimachinery/errors.ts'
import { serviceaccounts } from '../apimachinery/generated/resources.ts'
import type { AuthenticationV1TokenRequest, Pod, Volume } from '../apimachinery/generated/types.ts'
import type { KubeObject } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import type { Task } from '../sim/task.ts'
import { MountError } from './volumes.ts'

const LIFE_SECONDS = 3600

/**
 * Tokens of a pod's service account, by audience. k8s 1.36: pkg/kubelet/token.
 * SIMPLIFIED: they are not renewed before they end.
 */
export class PodTokens {
  private readonly client: Client
  private readonly tokens = new Map<string, string>()

  constructor(client: Client) {
    this.client = client
  }

  get(audience: string): string {
    return this.tokens.get(audience) ?? ''
  }

  /** Asks for the tokens that a volume needs. Throws MountError. */
  *fetch(pod: Pod, volume: Volume): Task {
    for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
      const { audience = '', expirationSeconds = LIFE_SECONDS } = serviceAccountToken ?? {}
      if (serviceAccountToken && !this.tokens.has(audience))
        this.tokens.set(audience, yield* this.request(pod, audience, expirationSeconds))
    }
  }

  private *request(pod: Pod, audience: string, expirationSeconds: number): Task<string> {
    const { namespace = '', name = '', uid = '' } = pod.metadata
    const account = pod.spec?.serviceAccountName || 'default'
    const body: AuthenticationV1TokenRequest & KubeObject = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    try {
      const answer = yield* this.client.createSubresource(serviceaccounts, namespace, account, 'token', body)
      return (answer as AuthenticationV1TokenRequest).status?.token ?? ''
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      throw new MountError(`failed to fetch token: ${error.message}`)
    }
  }
}
