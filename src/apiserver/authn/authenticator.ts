import type { Pod, Secret, ServiceAccount } from '../../apimachinery/generated/types.ts'
import type { UserInfo } from '../api.ts'
import { lookUp, type Registry } from '../rest/context.ts'
import { ISSUER, userOfClaims } from './tokens.ts'

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Who a bearer token stands for, and for which audiences it was made. */
export interface Authenticated {
  readonly user: UserInfo
  readonly audiences: readonly string[]
}

/** k8s 1.36: token file, service account and bootstrap token authenticators. */
export class Authenticator {
  private readonly registry: Registry
  private readonly fixed: ReadonlyMap<string, UserInfo>

  /** `fixed` are tokens from a token file, with the users' own groups. */
  constructor(registry: Registry, fixed: ReadonlyMap<string, UserInfo>) {
    this.registry = registry
    this.fixed = fixed
  }

  /** The user of a token, with system:authenticated; undefined when nobody knows it. */
  token(token: string): Authenticated | undefined {
    const fixed = this.fixed.get(token)
    if (fixed) return { user: authenticated(fixed), audiences: [ISSUER] }
    return this.serviceAccount(token) ?? this.bootstrap(token)
  }

  /** A token is as good as what it is bound to: account, pod and secret must still be there. */
  private serviceAccount(token: string): Authenticated | undefined {
    const claims = this.registry.tokens.verify(token)
    if (!claims) return undefined
    const { namespace, serviceaccount, pod, secret } = claims['kubernetes.io']
    const account = lookUp<ServiceAccount>(this.registry, 'serviceaccounts', namespace, serviceaccount.name)
    if (account?.metadata.uid !== serviceaccount.uid) return undefined
    if (pod && lookUp<Pod>(this.registry, 'pods', namespace, pod.name)?.metadata.uid !== pod.uid) return undefined
    if (secret && lookUp<Secret>(this.registry, 'secrets', namespace, secret.name)?.metadata.uid !== secret.uid) return undefined
    return { user: userOfClaims(claims), audiences: claims.aud }
  }

  /** 'abcdef.0123456789abcdef', kept in a Secret of kube-system. */
  private bootstrap(token: string): Authenticated | undefined {
    const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token)
    if (!match) return undefined
    const secret = lookUp<Secret>(this.registry, 'secrets', 'kube-system', `bootstrap-token-${match[1] ?? ''}`)
    if (secret?.type !== 'bootstrap.kubernetes.io/token') return undefined
    const read = (key: string) => decodeBase64(secret.data?.[key] ?? '')
    if (read('token-secret') !== match[2] || read('usage-bootstrap-authentication') !== 'true') return undefined
    const groups = read('auth-extra-groups').split(',').filter(Boolean)
    return {
      user: { name: `system:bootstrap:${match[1] ?? ''}`, groups: ['system:bootstrappers', ...groups, 'system:authenticated'] },
      audiences: [ISSUER],
    }
  }
}

export function authenticated(user: UserInfo): UserInfo {
  return user.groups.includes('system:authenticated') ? user : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function decodeBase64(text: string): string {
  let out = ''
  let bits = 0
  let count = 0
  for (const char of text.replace(/=+$/, '')) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    out += String.fromCharCode((bits >> count) & 255)
  }
  return out
}
