import { print, type HttpRequest, type HttpResponse, type System } from '../program.ts'
import type { Endpoint } from '../sockets.ts'
import { logDate } from '../tools/network/dates.ts'
import { byteLength } from '../tools/network/http-client.ts'

/** A line of a web server's access log, with the client's address as it is seen. SIMPLIFIED: probes leave none. */
export function logAccess(
  system: System,
  { method, path, headers }: HttpRequest,
  peer: Endpoint,
  answer: HttpResponse,
  combined: boolean,
): void {
  if (peer.port === 0) return
  const agent = headers['User-Agent'] ?? headers['user-agent'] ?? '-'
  const forwarded = headers['X-Forwarded-For'] ?? headers['x-forwarded-for'] ?? '-'
  const more = combined ? ` "-" "${agent}" "${forwarded}"` : ''
  print(
    system,
    `${peer.address} - - [${logDate(system.sim.now)}] "${method} ${path} HTTP/1.1" ${answer.status} ${byteLength(answer.body)}${more}`,
  )
}
