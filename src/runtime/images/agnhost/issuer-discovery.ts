/** agnhost test-service-account-issuer-discovery: checks a token as others would. Source: kubernetes test/images/agnhost/openidmetadata. */
import type { Task } from '../../../sim/task.ts'
import type { System } from '../../program.ts'
import { flag, get, log } from './command.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

interface Claims {
  readonly iss?: string
  readonly aud?: readonly string[]
}

/** The claims of a JSON Web Token; undefined when it is none. */
function claimsOf(token: string): Claims | undefined {
  const body = token.split('.')[1]
  if (body === undefined) return undefined
  try {
    return JSON.parse(fromBase64Url(body)) as Claims
  } catch {
    return undefined
  }
}

function fromBase64Url(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  let out = ''
  let bits = 0
  let count = 0
  for (const char of text) {
    bits = ((bits << 6) | alphabet.indexOf(char)) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    out += String.fromCharCode((bits >> count) & 255)
  }
  return out
}

/** SIMPLIFIED: the signature is not checked, only that the issuer publishes its keys. */
export function* issuerDiscovery(system: System): Task<number> {
  const fail = (why: string) => {
    log(system, why)
    return 1
  }
  const path = flag(system, 'token-path') ?? ''
  const claims = claimsOf(system.files.read(path) ?? '')
  if (!claims) return fail(`could not read ${path}`)
  log(system, `OK: Got token`)
  log(system, 'validating with in-cluster discovery')
  const audience = flag(system, 'audience') ?? ''
  if (!claims.aud?.includes(audience)) return fail(`oidc: expected audience "${audience}" got ${JSON.stringify(claims.aud)}`)
  const host = system.env['KUBERNETES_SERVICE_HOST'] ?? 'kubernetes.default.svc'
  const port = Number(system.env['KUBERNETES_SERVICE_PORT'] ?? 443)
  const Authorization = `Bearer ${system.files.read(`${FOLDER}/token`) ?? ''}`
  for (const page of ['/.well-known/openid-configuration', '/openid/v1/jwks']) {
    const answer = yield* get(system, { secure: true, host, port, path: page }, 10_000, { Authorization })
    if ('error' in answer) return fail(answer.error)
    if (answer.status !== 200) return fail(`${answer.status}: ${answer.body}`)
    if (page.startsWith('/.') && !answer.body.includes(`"${claims.iss ?? ''}"`))
      return fail(`oidc: issuer did not match the issuer returned by provider`)
  }
  log(system, 'OK: Constructed OIDC provider for issuer ' + (claims.iss ?? ''))
  log(system, 'OK: Validated signature on JWT')
  log(system, 'OK: Got valid claims from token!')
  return 0
}
