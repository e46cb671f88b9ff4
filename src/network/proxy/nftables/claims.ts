/** Who wants which elements: two Services may want the same one (an address, an endpoint on this node). */
import { compareText } from './plan.ts'
import type { ElementSource } from './unit.ts'

/** What a Service wants, by placeOf. */
export type Wanted = ReadonlyMap<string, ElementSource>

export function placeOfElement({ set, key }: ElementSource): string {
  return `${set} ${key}`
}

/**
 * Tells which element stands where. Kept are only the few places that several Services claim; of one Service the elements
 * themselves tell.
 */
export class Claims {
  private readonly contested = new Map<string, Map<string, ElementSource>>()

  /** A Service claims a place where `standing` is now; gives what stands there from now on. */
  claim(wanted: ElementSource, standing: ElementSource | undefined): ElementSource {
    const { service } = wanted
    const place = placeOfElement(wanted)
    let claims = this.contested.get(place)
    if (!claims) {
      if (!standing || standing.service === service) return wanted
      this.contested.set(place, (claims = new Map([[standing.service, standing]])))
    }
    claims.set(service, wanted)
    return winner(claims) ?? wanted
  }

  /** A Service gives a place up; gives what stands there from now on, undefined: nothing. */
  release(source: ElementSource): ElementSource | undefined {
    const place = placeOfElement(source)
    const claims = this.contested.get(place)
    if (!claims) return undefined
    claims.delete(source.service)
    const left = winner(claims)
    if (claims.size <= 1) this.contested.delete(place)
    return left
  }

  copy(): Claims {
    const copy = new Claims()
    for (const [place, claims] of this.contested) copy.contested.set(place, new Map(claims))
    return copy
  }

  clear(): void {
    this.contested.clear()
  }
}

function winner(claims: ReadonlyMap<string, ElementSource>): ElementSource | undefined {
  const [last] = [...claims.keys()].toSorted((a, b) => compareText(b, a))
  return last === undefined ? undefined : claims.get(last)
}
