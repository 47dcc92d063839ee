const split = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Words of `gen: words`. */
export const words = split(`
  amber anchor autumn basket beacon birch bottle bridge candle canvas cedar chrome cobalt copper cotton crystal
  delta domino ember fabric falcon feather forest garden garnet glacier granite harbor hazel indigo island ivory
  jasmine kettle ladder lantern lemon linen magnet maple marble meadow mirror nutmeg ocean olive orchid paper
  pebble pepper pillow planet quartz raven ribbon saddle saffron silver spruce summit timber velvet violet willow`);

/** First names. */
export const firstNames = split(`
  Ada Amir Anna Ben Chen Clara David Elif Emma Farid Finn Grace Hana Hugo Ida Ivan Jonas Julia Kofi Lars Lea Lina
  Luca Maria Mateo Mila Nadia Noah Olga Omar Paula Priya Rosa Sami Sofia Theo Uma Vera Yuki Zoe`);

/** Last names. */
export const lastNames = split(`
  Abebe Adler Bauer Becker Bianchi Costa Dubois Eriksen Fischer Garcia Haddad Hansen Ito Jansen Kaya Keller Kim
  Kowalski Kumar Laurent Lopez Martin Meier Moreau Mueller Nguyen Novak Okafor Oliveira Park Petrov Rossi Sato
  Schmidt Silva Smith Tanaka Vogel Wagner Young`);
