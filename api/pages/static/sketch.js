// A small map of a pack around a point, north up: doors with their numbers, names of streets, a bar of 50 metres. The
// same drawing as on the page of an address (api/pages/sketch.py), made here without a network.

import { _ } from './ui.js';

const [WIDTH, HEIGHT, REACH_M, BAR_M, MOST] = [640, 440, 110, 50, 400];
const SCALE = HEIGHT / (2 * REACH_M);
const METRES_A_DEGREE = 111_195;
const GAP_M = 80; // doors of a street that are further apart are not joined by a line
const PHONE = '(max-width: 47.99rem)'; // shows a drawing at half its size: larger letters, and fewer
const LETTER = { number: 7, street: 9 };

function svg(name, attributes, text = null) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

/** `own` is the door in the centre; without one the centre is the phone, within `accuracy` metres. Points of its
    `entrances` are marked by their numbers in the list; `size` scales the letters. */
export function sketch(communes, [lon, lat], { own = null, accuracy = 0, entrances = [], size = window.matchMedia(PHONE).matches ? 2.1 : 1 } = {}) {
  const drawn = svg('svg', { class: size > 1 ? 'sketch sketch-grows' : 'sketch', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': _('Sketch of what is around') });
  drawn.append(svg('rect', { class: 'sketch-ground', width: WIDTH, height: HEIGHT }));
  const across = Math.cos((lat * Math.PI) / 180) * METRES_A_DEGREE;
  const place = ([x, y]) => [WIDTH / 2 + (x - lon) * across * SCALE, HEIGHT / 2 - (y - lat) * METRES_A_DEGREE * SCALE];
  const half = Math.max(24, 5.5 * (own?.number ?? '').length * size);
  const taken = [[WIDTH / 2 - half, HEIGHT / 2 - 54, WIDTH / 2 + half, HEIGHT / 2 + 22 + 8 * size], [0, HEIGHT - 24 - 10 * size, 80 + 32 * size, HEIGHT]];
  const streets = new Map();
  const doors = [];
  for (const commune of communes) {
    for (const { door, metres } of commune.nearest([lon, lat], MOST)) {
      const point = commune.point(door); // missing if a door is known by its entrances only
      const [x, y] = point ? place(point) : [NaN, NaN];
      if (metres < 1.5 * REACH_M && x > 0 && x < WIDTH && y > 0 && y < HEIGHT) {
        doors.push({ door, x, y });
        const name = door.street === null ? null : commune.streets.name[door.street];
        if (name) streets.set(name, [...streets.get(name) ?? [], [x, y]]);
      }
    }
  }
  const names = [...streets].sort((one, other) => other[1].length - one[1].length).flatMap(([name, spots]) => nameOf(name, spots, taken, size));
  drawn.append(...rows(doors));
  for (const { door, x, y } of doors) {
    drawn.append(svg('circle', { class: 'sketch-door', cx: x.toFixed(0), cy: y.toFixed(0), r: 4 }));
    if (door.number && door !== own && take(taken, 'number', x, y - 8, door.number, size)) drawn.append(text('number', x, y - 8, door.number));
  }
  drawn.append(...names, ...middle(own, accuracy), ...entrances.flatMap((point, at) => mark(place(point), at + 1)), ...bar());
  return drawn;
}

/** Returns the point, [lon, lat], of a tap on a drawing around another point. */
export function placeAt([lon, lat], drawn, { clientX, clientY }) {
  const [box, view] = [drawn.getBoundingClientRect(), drawn.viewBox.baseVal];
  const east = view.x + ((clientX - box.left) / box.width) * view.width - WIDTH / 2;
  const north = HEIGHT / 2 - view.y - ((clientY - box.top) / box.height) * view.height;
  return moved([lon, lat], east / SCALE, north / SCALE);
}

/** Returns the point at this distance to the east and north, in metres. */
export const moved = ([lon, lat], east, north) => [lon + east / (Math.cos((lat * Math.PI) / 180) * METRES_A_DEGREE), lat + north / METRES_A_DEGREE];

/** Enlarges the centre of a drawing twice, for tapping on a phone. */
export function enlarge(drawn) {
  drawn.setAttribute('viewBox', `${WIDTH / 4} ${HEIGHT / 4} ${WIDTH / 2} ${HEIGHT / 2}`);
  for (const part of drawn.querySelectorAll('.sketch-bar, .sketch-metres')) part.setAttribute('transform', `translate(${WIDTH / 4} ${-HEIGHT / 4})`);
  return drawn;
}

const text = (what, x, y, said) => svg('text', { class: `sketch-${what}`, x: x.toFixed(0), y: y.toFixed(0) }, said);

/** Reserves space for a text; returns false if it is occupied. */
function take(taken, what, x, y, said, size) {
  const letter = LETTER[what] * size;
  const half = (said.length * letter) / 2 + 2;
  const box = [x - half, y - 1.6 * letter, x + half, y + 0.4 * letter];
  const inside = box[0] >= 0 && box[1] >= 0 && box[2] <= WIDTH && box[3] <= HEIGHT;
  if (!inside || taken.some(([left, top, right, bottom]) => box[0] < right && left < box[2] && box[1] < bottom && top < box[3])) return false;
  taken.push(box);
  return true;
}

/** Doors of one side of a street or an alley, joined by their numbers: about where it runs. */
function rows(doors) {
  const sides = new Map();
  for (const { door, x, y } of doors) {
    const [, alley, number] = door.path?.match(/^(?:(.*)\/)?(\d+)[^/]*$/) ?? [];
    if (door.street === null || !number) continue;
    const side = [door.street, alley, number % 2].join('|');
    sides.set(side, [...sides.get(side) ?? [], { number: Number(number), x, y }]);
  }
  return [...sides.values()].map((side) => {
    const row = side.sort((one, other) => one.number - other.number);
    const near = ({ x, y }, before) => before && Math.hypot(x - before.x, y - before.y) < GAP_M * SCALE;
    return svg('path', { class: 'sketch-row', d: row.map((door, at) => `${near(door, row[at - 1]) ? 'L' : 'M'}${door.x.toFixed(0)} ${door.y.toFixed(0)}`).join('') });
  });
}

/** The name of a street beside its middle door. */
function nameOf(name, spots, taken, size) {
  const half = (name.length * LETTER.street * size) / 2 + 4;
  const [, y] = spots[Math.floor(spots.length / 2)];
  const x = Math.min(Math.max(spots[Math.floor(spots.length / 2)][0], half), WIDTH - half);
  const below = [18, -10, 34, -26, -40, 50].map((step) => step * size).find((step) => take(taken, 'street', x, y + step, name, size));
  return below === undefined ? [] : [text('street', x, y + below, name)];
}

function mark([x, y], number) {
  if (!(x > 0 && x < WIDTH && y > 0 && y < HEIGHT)) return [];
  return [svg('rect', { class: 'sketch-entrance', x: (x - 9).toFixed(0), y: (y - 9).toFixed(0), width: 18, height: 18, rx: 4 }), text('mark', x, y, String(number))];
}

function middle(own, accuracy) {
  const [x, y] = [WIDTH / 2, HEIGHT / 2];
  const about = accuracy > 0 ? [svg('circle', { class: 'sketch-about', cx: x, cy: y, r: Math.min(accuracy * SCALE, HEIGHT / 2 - 4).toFixed(0) })] : [];
  if (!own) return [...about, svg('circle', { class: 'sketch-pin', cx: x, cy: y, r: 8 })];
  return [
    ...about,
    svg('path', { class: 'sketch-pin', d: `M${x} ${y}c-9-14-18-22-18-33a18 18 0 0 1 36 0c0 11-9 19-18 33z` }),
    svg('circle', { class: 'sketch-eye', cx: x, cy: y - 33, r: 6.5 }),
    ...(own.number ? [text('own', x, y + 22, own.number)] : []),
  ];
}

function bar() {
  const length = BAR_M * SCALE;
  const y = HEIGHT - 16;
  return [svg('path', { class: 'sketch-bar', d: `M16 ${y - 5}v5h${length.toFixed(0)}v-5` }), svg('text', { class: 'sketch-metres', x: (22 + length).toFixed(0), y }, `${BAR_M} m`)];
}
