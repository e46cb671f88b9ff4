/**
 * Where everything stands: pure arithmetic from a few counts and the stage's size. World units are CSS pixels at zoom 1.
 * Rooms (nodes) stand in a grid from (0, 0); the lane of pods without a node lies above them and grows upwards,
 * so nothing else moves when it fills.
 */
import { LANE } from './model.ts'

export interface Rect {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** 'rows': few pods, each with its name. 'grid': squares; names appear when zoomed in. */
export type LayoutMode = 'rows' | 'grid'

export interface Layout {
  readonly mode: LayoutMode
  /** Rooms in the grid, free ones included. */
  readonly roomCount: number
  readonly roomColumns: number
  readonly roomRows: number
  /** Distance from one room to the next. */
  readonly roomPitchX: number
  readonly roomPitchY: number
  readonly roomW: number
  readonly roomH: number
  readonly headerH: number
  /** From the room's corner to its first cell. */
  readonly cellsX: number
  readonly cellsY: number
  readonly cellColumns: number
  readonly cellRows: number
  readonly cellPitchX: number
  readonly cellPitchY: number
  /** Free space inside a cell's pitch, on each side. */
  readonly cellInset: number
  /** Lines of the name, and whether the status has a line too; 'rows' only. */
  readonly nameLines: number
  readonly statusLine: boolean
  readonly laneColumns: number
  readonly laneRows: number
}

export interface LayoutInput {
  readonly roomCount: number
  /** Most cells in use in any room. */
  readonly mostCells: number
  /** Largest pod capacity of any node. */
  readonly podCapacity: number
  readonly pendingCells: number
  /** Length of the longest pod name, characters. */
  readonly longestName: number
  /** The same of node names. */
  readonly longestNodeName: number
  readonly stageW: number
  readonly stageH: number
}

/** Free space around everything when fitted; more above, where a line of text tells what happened. */
const MARGIN = 14
const MARGIN_TOP = 30
/** Height of a line of the smallest type, 11 px, and width of its characters. */
const LINE_H = 12.9
const SMALL_CHAR_W = 6.65
const MAX_FIT_ZOOM = 1.6
/** Squares may be larger than that: 44 px. */
const MAX_GRID_ZOOM = 2.2
const CHAR_W = 7.25
const LANE_TITLE = 20
const GRID_PITCH = 20

export function chooseLayout(input: LayoutInput, previous?: Layout): Layout {
  const slack = previous?.mode === 'rows' ? 1 : 1.03
  if (input.mostCells * input.roomCount <= 400) {
    for (const [nameLines, statusLine] of [
      [1, true],
      [2, true],
      [1, false],
      [2, false],
      [3, false],
    ] as const) {
      const rows = bestRows(input, nameLines, statusLine, previous)
      if (rows && fitZoom(rows, input.stageW, input.stageH) >= leastZoom(rows, input) * slack) return rows
    }
  }
  return bestGrid(input, previous)
}

/** Zoom at which all names of 'rows' still fit whole in 11 px type. */
function leastZoom({ nameLines, statusLine, cellPitchX, cellPitchY }: Layout, input: LayoutInput): number {
  const height = ((nameLines + (statusLine ? 1 : 0)) * LINE_H + 1) / (cellPitchY - 2)
  return Math.max(height, (rowCharacters(input, nameLines) * SMALL_CHAR_W + 36) / cellPitchX)
}

/** Characters of a line, so that the longest name breaks into no more lines than that. */
function rowCharacters({ longestName }: LayoutInput, nameLines: number): number {
  return nameLines === 1 ? longestName : Math.max(nameLines === 2 ? 18 : 14, Math.ceil(longestName / nameLines) + 3)
}

function bestRows(input: LayoutInput, nameLines: number, statusLine: boolean, previous?: Layout): Layout | undefined {
  const characters = rowCharacters(input, nameLines)
  // Steps of four characters and of two rows: a new pod seldom changes the picture.
  const textW = Math.ceil(characters / 4) * 4 * CHAR_W
  let best: Layout | undefined
  for (let cellColumns = 1; cellColumns <= 3; cellColumns++) {
    const cells = Math.max(
      4,
      input.mostCells + 1,
      previous?.mode === 'rows' ? Math.min(previous.cellRows * previous.cellColumns, input.mostCells + 8) : 0,
    )
    const cellRows = Math.ceil(cells / cellColumns / 2) * 2
    const cellPitchX = Math.round(textW) + 44
    const cellPitchY = nameLines * 14 + (statusLine ? 14 : 0) + 8
    const shape = { cellColumns, cellRows, cellPitchX, cellPitchY, headerH: 76, padX: 8, padBottom: 8, gap: 16 }
    const made = bestColumns(input, (roomColumns) => rowsLayout(input, roomColumns, shape, nameLines, statusLine, previous))
    if (!best || fitZoom(made, input.stageW, input.stageH) > fitZoom(best, input.stageW, input.stageH) + 0.02) best = made
  }
  return best
}

interface RowsShape {
  readonly cellColumns: number
  readonly cellRows: number
  readonly cellPitchX: number
  readonly cellPitchY: number
  readonly headerH: number
  readonly padX: number
  readonly padBottom: number
  readonly gap: number
}

function rowsLayout(
  input: LayoutInput,
  roomColumns: number,
  shape: RowsShape,
  nameLines: number,
  statusLine: boolean,
  previous?: Layout,
): Layout {
  const roomW = Math.max(220, shape.cellColumns * shape.cellPitchX + 2 * shape.padX)
  const roomH = shape.headerH + shape.cellRows * shape.cellPitchY + shape.padBottom
  const cellPitchX = (roomW - 2 * shape.padX) / shape.cellColumns
  const worldW = roomColumns * (roomW + shape.gap) - shape.gap
  const laneColumns = Math.max(1, Math.floor((worldW - 2 * shape.padX) / cellPitchX))
  return {
    mode: 'rows',
    roomCount: input.roomCount,
    roomColumns,
    roomRows: Math.max(1, Math.ceil(input.roomCount / roomColumns)),
    roomPitchX: roomW + shape.gap,
    roomPitchY: roomH + shape.gap,
    roomW,
    roomH,
    headerH: shape.headerH,
    cellsX: shape.padX,
    cellsY: shape.headerH,
    cellColumns: shape.cellColumns,
    cellRows: shape.cellRows,
    cellPitchX,
    cellPitchY: shape.cellPitchY,
    cellInset: 1,
    nameLines,
    statusLine,
    laneColumns,
    laneRows: laneRowsFor(input, laneColumns, 1, previous),
  }
}

/** Rows the lane needs. It keeps the height it had until it is empty, so that it does not pump as pods pass. */
function laneRowsFor(input: LayoutInput, laneColumns: number, least: number, previous?: Layout): number {
  const needed = Math.max(least, Math.ceil(input.pendingCells / laneColumns))
  return previous && input.pendingCells > 0 && previous.laneColumns === laneColumns ? Math.max(needed, previous.laneRows) : needed
}

/** Cells that a room of squares has place for: few sizes, so that the picture seldom changes. */
export function gridCapacity(mostCells: number, podCapacity: number, previous = 0): number {
  const steps = [20, 32, 48, 72, podCapacity > 72 && podCapacity <= 130 ? podCapacity : 110, 250, 500]
  const fits = steps.find((step) => step >= mostCells) ?? mostCells
  // Shrinks only when less than half is needed.
  return fits < previous && mostCells * 2 > previous ? previous : fits
}

function bestGrid(input: LayoutInput, previous?: Layout): Layout {
  const was = previous?.mode === 'grid' ? previous.cellColumns * previous.cellRows : 0
  const capacity = gridCapacity(input.mostCells, input.podCapacity, was)
  const headerUnits = capacity <= 48 && input.roomCount <= 40 ? 1 : 2
  let best: Layout | undefined
  for (const aspect of [0.5, 0.8, 1.1, 1.5, 2.2, 3]) {
    const cellColumns = Math.max(4, Math.round(Math.sqrt(capacity * aspect)))
    const cellRows = Math.ceil(capacity / cellColumns)
    const made = bestColumns(input, (roomColumns) => gridLayout(input, roomColumns, cellColumns, cellRows, headerUnits, previous))
    if (!best || gridScore(made, input) > gridScore(best, input) * 1.02) best = made
  }
  return best ?? gridLayout(input, 1, 10, 11, headerUnits)
}

/** Larger is better; rooms whose header has the height for a name but not the width count for less. */
function gridScore(layout: Layout, { stageW, stageH, longestNodeName }: LayoutInput): number {
  const zoom = fitZoom(layout, stageW, stageH)
  // 11 px bold type, the state mark and the margins.
  const needed = longestNodeName * 6.7 + 34
  return layout.headerH * zoom >= 14 && layout.roomW * zoom < needed ? zoom * 0.75 : zoom
}

function gridLayout(
  input: LayoutInput,
  roomColumns: number,
  cellColumns: number,
  cellRows: number,
  headerUnits: number,
  previous?: Layout,
): Layout {
  const p = GRID_PITCH
  const pad = 0.3 * p
  const worldUnits = roomColumns * (cellColumns + 1) - 1
  return {
    mode: 'grid',
    roomCount: input.roomCount,
    roomColumns,
    roomRows: Math.max(1, Math.ceil(input.roomCount / roomColumns)),
    roomPitchX: (cellColumns + 1) * p,
    roomPitchY: (cellRows + headerUnits + 1) * p,
    roomW: cellColumns * p + 2 * pad,
    roomH: (cellRows + headerUnits) * p + pad,
    headerH: headerUnits * p,
    cellsX: pad,
    cellsY: headerUnits * p,
    cellColumns,
    cellRows,
    cellPitchX: p,
    cellPitchY: p,
    cellInset: 1,
    nameLines: 3,
    statusLine: true,
    laneColumns: Math.max(1, worldUnits),
    laneRows: laneRowsFor(input, Math.max(1, worldUnits), input.roomCount > 60 ? 2 : 1, previous),
  }
}

/** The number of room columns whose picture is largest on the stage; wider before higher when equal. */
function bestColumns(input: LayoutInput, make: (columns: number) => Layout): Layout {
  const count = Math.max(1, input.roomCount)
  let best = make(1)
  let zoom = fitZoom(best, input.stageW, input.stageH)
  // Only column counts near the ideal matter in a big cluster.
  const limit = Math.min(count, 400)
  for (let columns = 2; columns <= limit; columns++) {
    const made = make(columns)
    const madeZoom = fitZoom(made, input.stageW, input.stageH)
    if (madeZoom >= zoom) [best, zoom] = [made, madeZoom]
    else if (madeZoom < zoom * 0.5) break
  }
  return best
}

/** Everything there is to see, the lane included. */
export function worldRect(layout: Layout): Rect {
  const lane = laneRect(layout)
  const w = Math.max(lane.w, layout.roomColumns * layout.roomPitchX - (layout.roomPitchX - layout.roomW))
  return { x: 0, y: lane.y, w, h: layout.roomRows * layout.roomPitchY - (layout.roomPitchY - layout.roomH) - lane.y }
}

/** Zoom at which all is seen. */
export function fitZoom(layout: Layout, stageW: number, stageH: number): number {
  const world = worldRect(layout)
  return Math.min(maxZoom(layout), (stageW - 2 * MARGIN) / world.w, (stageH - MARGIN - MARGIN_TOP) / world.h)
}

function maxZoom(layout: Layout): number {
  return layout.mode === 'rows' ? MAX_FIT_ZOOM : MAX_GRID_ZOOM
}

export interface View {
  readonly x: number
  readonly y: number
  readonly k: number
}

/** The view that shows all of it, centred. Screen = world * k + (x, y). */
export function fitView(layout: Layout, stageW: number, stageH: number): View {
  const view = fitRect(worldRect(layout), stageW, stageH - (MARGIN_TOP - MARGIN), MARGIN, maxZoom(layout))
  return { ...view, y: view.y + MARGIN_TOP - MARGIN }
}

export function fitRect(rect: Rect, stageW: number, stageH: number, margin: number, maxZoom: number): View {
  const k = Math.max(1e-3, Math.min(maxZoom, (stageW - 2 * margin) / rect.w, (stageH - 2 * margin) / rect.h))
  return { k, x: (stageW - rect.w * k) / 2 - rect.x * k, y: (stageH - rect.h * k) / 2 - rect.y * k }
}

function laneTitle(layout: Layout): number {
  return layout.mode === 'rows' ? LANE_TITLE : layout.headerH
}

export function laneRect(layout: Layout): Rect {
  const gap = layout.roomPitchY - layout.roomH
  const roomsW = layout.roomColumns * layout.roomPitchX - (layout.roomPitchX - layout.roomW)
  const h = laneTitle(layout) + layout.laneRows * layout.cellPitchY + layout.cellsX
  return { x: 0, y: -gap - h, w: Math.max(roomsW, layout.laneColumns * layout.cellPitchX + 2 * layout.cellsX), h }
}

/** The room at a place of the grid, by its position (not slot). */
export function roomRect(layout: Layout, position: number): Rect {
  const column = position % layout.roomColumns
  const row = (position - column) / layout.roomColumns
  return { x: column * layout.roomPitchX, y: row * layout.roomPitchY, w: layout.roomW, h: layout.roomH }
}

/** Left top corner of a cell's pitch box, written into `out`: no allocation per cell. `position` LANE is the lane. */
export function cellCorner(layout: Layout, position: number, cell: number, out: { x: number; y: number }): void {
  if (position === LANE) {
    const column = cell % layout.laneColumns
    const row = (cell - column) / layout.laneColumns
    const gap = layout.roomPitchY - layout.roomH
    out.x = layout.cellsX + column * layout.cellPitchX
    out.y = -gap - layout.cellsX - (row + 1) * layout.cellPitchY
    return
  }
  const roomColumn = position % layout.roomColumns
  const roomRow = (position - roomColumn) / layout.roomColumns
  const column = cell % layout.cellColumns
  const row = (cell - column) / layout.cellColumns
  out.x = roomColumn * layout.roomPitchX + layout.cellsX + column * layout.cellPitchX
  out.y = roomRow * layout.roomPitchY + layout.cellsY + row * layout.cellPitchY
}

export interface Hit {
  /** Room position, or LANE. */
  readonly position: number
  /** Cell in it, or -1 for the room itself (its header or a gap). */
  readonly cell: number
}

/** What lies at a point of the world; undefined between rooms. */
export function hitTest(layout: Layout, x: number, y: number): Hit | undefined {
  if (y < 0) return hitLane(layout, x, y)
  const roomColumn = Math.floor(x / layout.roomPitchX)
  const roomRow = Math.floor(y / layout.roomPitchY)
  if (roomColumn < 0 || roomColumn >= layout.roomColumns) return undefined
  const position = roomRow * layout.roomColumns + roomColumn
  if (position >= layout.roomCount) return undefined
  const inX = x - roomColumn * layout.roomPitchX
  const inY = y - roomRow * layout.roomPitchY
  if (inX > layout.roomW || inY > layout.roomH) return undefined
  const column = Math.floor((inX - layout.cellsX) / layout.cellPitchX)
  const row = Math.floor((inY - layout.cellsY) / layout.cellPitchY)
  const inside = column >= 0 && column < layout.cellColumns && row >= 0 && row < layout.cellRows
  return { position, cell: inside ? row * layout.cellColumns + column : -1 }
}

function hitLane(layout: Layout, x: number, y: number): Hit | undefined {
  const lane = laneRect(layout)
  if (x < lane.x || x > lane.x + lane.w || y < lane.y || y > lane.y + lane.h) return undefined
  const column = Math.floor((x - layout.cellsX) / layout.cellPitchX)
  const bottom = lane.y + lane.h - layout.cellsX
  const row = Math.floor((bottom - y) / layout.cellPitchY)
  const inside = column >= 0 && column < layout.laneColumns && row >= 0 && row < layout.laneRows
  return { position: LANE, cell: inside ? row * layout.laneColumns + column : -1 }
}

/** Room positions seen in a rectangle of the world: columns from..to and rows from..to, ends included. */
export function visibleRooms(layout: Layout, rect: Rect): { c0: number; c1: number; r0: number; r1: number } {
  const c0 = Math.max(0, Math.floor(rect.x / layout.roomPitchX))
  const r0 = Math.max(0, Math.floor(rect.y / layout.roomPitchY))
  const c1 = Math.min(layout.roomColumns - 1, Math.floor((rect.x + rect.w) / layout.roomPitchX))
  const r1 = Math.min(layout.roomRows - 1, Math.floor((rect.y + rect.h) / layout.roomPitchY))
  return { c0, c1, r0, r1 }
}

/**
 * Position of each node slot, -1 for free slots. The slot itself while most slots are taken, so that a node keeps
 * its place as others come and go; closed up when more than half are free.
 */
export function placeRooms(taken: readonly (unknown | undefined)[], count: number): { positions: Int32Array; roomCount: number } {
  const positions = new Int32Array(taken.length).fill(-1)
  const sparse = count * 2 < taken.length
  let next = 0
  for (let slot = 0; slot < taken.length; slot++) {
    if (taken[slot] === undefined) continue
    positions[slot] = sparse ? next : slot
    next++
  }
  return { positions, roomCount: sparse ? next : taken.length }
}
