import type { SocketErrorCode } from '../../sockets.ts'

const GLIBC: { readonly [code in SocketErrorCode]: string } = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EPERM: 'Operation not permitted',
  EPROTO: 'Protocol error',
}
const MUSL: { readonly [code in SocketErrorCode]?: string } = {
  EHOSTUNREACH: 'Host is unreachable',
  ETIMEDOUT: 'Operation timed out',
  EADDRNOTAVAIL: 'Address not available',
  ENETUNREACH: 'Network unreachable',
}

/** strerror. */
export function errorText(code: SocketErrorCode, image = ''): string {
  return (/alpine|musl/.test(image) ? MUSL[code] : undefined) ?? GLIBC[code]
}
