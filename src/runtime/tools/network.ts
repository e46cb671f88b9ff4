import type { ProgramTable } from '../program.ts'
import { curl } from './network/curl.ts'
import { dig, host } from './network/dig.ts'
import { getent } from './network/getent.ts'
import { ab, hey } from './network/load.ts'
import { nc, telnet } from './network/nc.ts'
import { bindNslookup, busyboxNslookup } from './network/nslookup.ts'
import { ping, traceroute } from './network/ping.ts'
import { busyboxWget, gnuWget } from './network/wget.ts'

const BUSYBOX = { busybox: true }
const DEBIAN = { busybox: false }

/** Programs that talk to a network, as BusyBox has them. curl, dig and their like are there for convenience. */
export const busyboxNetworkTools: ProgramTable = {
  curl,
  wget: busyboxWget,
  nc: nc(BUSYBOX),
  telnet: telnet(BUSYBOX),
  nslookup: busyboxNslookup,
  dig,
  host,
  getent,
  ping: ping(BUSYBOX),
  ping6: ping(BUSYBOX),
  traceroute,
  ab,
  hey,
}

/** The same as Debian and its like have them. */
export const debianNetworkTools: ProgramTable = {
  ...busyboxNetworkTools,
  wget: gnuWget,
  nc: nc(DEBIAN),
  netcat: nc(DEBIAN),
  ncat: nc(DEBIAN),
  telnet: telnet(DEBIAN),
  nslookup: bindNslookup,
  ping: ping(DEBIAN),
  ping6: ping(DEBIAN),
}
