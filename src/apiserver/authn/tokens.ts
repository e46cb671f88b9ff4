import type { Simulation } from '../../sim/simulation.ts'
import { hashText } from '../../sim/random.ts'
import type { UserInfo } from '../api.ts'

/** Who may use tokens and for how long. k8s 1.36: --service-account-issuer, --api-audiences. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** What a service account token says. Times are seconds since the epoch. */
export interface TokenClaims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: { readonly name: string; readonly uid: string }
    readonly pod?: { readonly name: string; readonly uid: string }
    readonly node?: { readonly name: string; readonly uid?: string }
    readonly secret?: { readonly name: string; readonly uid: string }
  }
  readonly nbf: number
  readonly sub: string
}

const KEY_ID = 'kubarium'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url of ASCII text, as in a JWT. */
function base64Url(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i
    const bits =
      (text.charCodeAt(i) << 16) | ((left > 1 ? text.charCodeAt(i + 1) : 0) << 8) | (left > 2 ? text.charCodeAt(i + 2) : 0)
    for (let k = 0; k < Math.min(4, left + 1); k++) out += ALPHABET[(bits >> (18 - 6 * k)) & 63] ?? ''
  }
  return out
}

function fromBase64Url(text: string): string {
  let out = ''
  let bits = 0
  let count = 0
  for (const char of text) {
    const value = ALPHABET.indexOf(char)
    if (value < 0) return ''
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count >= 8) {
      count -= 8
      out += String.fromCharCode((bits >> count) & 255)
    }
  }
  return out
}

/** The public key that tokens name, as /openid/v1/jwks shows it. SIMPLIFIED: nothing is signed with it. */
export function publicKeys(): object {
  let n = ''
  for (let i = 0; i < 342; i++) n += ALPHABET.charAt(hashText(`${ISSUER} ${i}`) & 63)
  return { keys: [{ use: 'sig', kty: 'RSA', kid: KEY_ID, alg: 'RS256', n, e: 'AQAB' }] }
}

/**
 * Makes and checks service account tokens: JSON Web Tokens with the real claims.
 * SIMPLIFIED: signed with a keyed 128-bit checksum in place of RS256; nothing outside the simulation trusts them.
 */
export class TokenIssuer {
  private readonly sim: Simulation

  constructor(sim: Simulation) {
    this.sim = sim
  }

  issue(claims: TokenClaims): string {
    const head = base64Url(JSON.stringify({ alg: 'RS256', kid: KEY_ID }))
    const body = base64Url(JSON.stringify(claims))
    return `${head}.${body}.${this.sign(`${head}.${body}`)}`
  }

  /** The claims of a token that this issuer made and that has not expired. */
  verify(token: string): TokenClaims | undefined {
    const [head, body, signature] = token.split('.')
    if (!head || !body || !signature || this.sign(`${head}.${body}`) !== signature) return undefined
    const claims = JSON.parse(fromBase64Url(body)) as TokenClaims
    return claims.exp * 1000 > this.sim.now ? claims : undefined
  }

  private sign(text: string): string {
    const key = `kubarium/${this.sim.seed}`
    return [0, 1, 2, 3].map((i) => base64Url(hashText(`${i}${key}${text}`).toString(16).padStart(8, '0'))).join('')
  }
}

/** The user that a service account token stands for. k8s 1.36: serviceaccount.UserInfo. */
export function userOfClaims(claims: TokenClaims): UserInfo {
  const about = claims['kubernetes.io']
  const { name, uid } = about.serviceaccount
  const extra: Record<string, readonly string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
  if (about.node) {
    extra['authentication.kubernetes.io/node-name'] = [about.node.name]
    if (about.node.uid) extra['authentication.kubernetes.io/node-uid'] = [about.node.uid]
  }
  if (about.pod) {
    extra['authentication.kubernetes.io/pod-name'] = [about.pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [about.pod.uid]
  }
  return {
    name: `system:serviceaccount:${about.namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${about.namespace}`, 'system:authenticated'],
    extra,
  }
}
