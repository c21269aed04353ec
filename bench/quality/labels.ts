/** Where a label's text stands: its anchor point, and a line to its mark where it had to go farther. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
  readonly leader: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What a label of 12 px takes. */
const LETTER = 7.4;
const LINE = 12;
/** Room around a mark. */
const MARK = 6;
const NEAR = 9;
const DISTANCES = [NEAR, 20, 32, 46, 62, 80] as const;
const DIRECTIONS = [0, -90, 90, 180, -45, 45, -135, 135, -22, 22, -158, 158, -68, 68, -112, 112] as const;

const overlap = (one: Box, other: Box): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

/**
 * Places labels beside their marks so that none covers another or a mark, nearest place first, in the given order; the mark
 * itself where there is no room at all. Pixels.
 */
export function placeLabels(
  marks: readonly { readonly x: number; readonly y: number; readonly label: string }[],
  within: Box,
): readonly Placed[] {
  const taken: Box[] = marks.map(({ x, y }) => ({
    left: x - MARK,
    right: x + MARK,
    top: y - MARK,
    bottom: y + MARK,
  }));
  return marks.map(({ x, y, label }) => {
    for (const distance of DISTANCES)
      for (const direction of DIRECTIONS) {
        const angle = (direction * Math.PI) / 180;
        const at = { x: x + distance * Math.cos(angle), y: y + distance * Math.sin(angle) };
        const anchor = Math.abs(direction) <= 90 ? 'start' : 'end';
        const width = label.length * LETTER;
        const box: Box = {
          left: anchor === 'start' ? at.x : at.x - width,
          right: anchor === 'start' ? at.x + width : at.x,
          top: at.y - LINE / 2,
          bottom: at.y + LINE / 2,
        };
        const inside =
          box.left >= within.left &&
          box.right <= within.right &&
          box.top >= within.top &&
          box.bottom <= within.bottom;
        if (!inside || taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        return { x: at.x, y: at.y + 4, anchor, leader: distance > NEAR };
      }
    return { x: x + NEAR, y: y + 4, anchor: 'start', leader: false };
  });
}
