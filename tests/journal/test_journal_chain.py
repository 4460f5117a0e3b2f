"""What the chain notices."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.journal import reader
from cockpit.journal.chain import Chain, origin, seal


@pytest.fixture(scope="session")
def good(sample, tmp_path_factory):
    """The bytes of a journal of 12 events, and of another run's."""
    folder = tmp_path_factory.mktemp("chain")
    for name in ("one", "other"):
        sample.written(folder / name, 11, opened=sample.opened(run=name))
    return (folder / "one").read_bytes(), (folder / "other").read_bytes(), folder


def outcome(folder, content):
    """What verifying these bytes finds; a file that is no journal at all counts as noticed too."""
    path = folder / "tried"
    path.write_bytes(content)
    try:
        return reader.verify(path)
    except reader.NotAJournal as refusal:
        return refusal


def test_a_good_journal_verifies(good):
    content, _, folder = good
    found = outcome(folder, content)
    assert (found.ok, found.events, found.size, found.torn) == (True, 12, len(content), None)
    assert content.endswith(b'"h":"' + found.head.encode() + b'"}\n')


def test_cut_at_any_byte_what_is_left_is_a_prefix_and_the_rest_is_torn(good):
    content, _, folder = good
    ends = [0, *(index + 1 for index, byte in enumerate(content) if byte == 0x0A)]
    for cut in range(1, len(content)):
        found = outcome(folder, content[:cut])
        whole = max(end for end in ends if end <= cut)
        assert found.ok, (cut, found)
        assert (found.size, found.events) == (whole, ends.index(whole))
        assert found.torn == (reader.Torn(whole, cut - whole) if cut != whole else None)


def test_every_bit_flipped_anywhere_is_damage(good):
    content, folder = b"".join(good[0].splitlines(keepends=True)[:4]), good[2]
    starts = [0, *(index + 1 for index, byte in enumerate(content) if byte == 0x0A)]
    for place, bit in itertools.product(range(len(content)), range(8)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        found = outcome(folder, bytes(flipped))
        if isinstance(found, reader.NotAJournal):
            assert place < 7
            continue
        assert not found.ok, (place, bit)
        assert found.problem.offset == max(start for start in starts if start <= place)
        assert found.problem.line == found.problem.seq + 1 == found.events + 1


@given(st.data())
def test_lines_taken_out_put_in_or_moved_are_noticed_where_it_begins(good, data):
    content, other, folder = good
    lines, foreign = content.splitlines(keepends=True), other.splitlines(keepends=True)
    at, to = data.draw(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] != pair[1]))
    edited = list(lines)
    edit = data.draw(st.sampled_from(["drop", "duplicate", "swap", "splice", "change"]))
    if edit == "drop":
        del edited[min(at, 10)]
    elif edit == "duplicate":
        edited.insert(at, lines[at])
    elif edit == "swap":
        edited[at], edited[to] = edited[to], edited[at]
    elif edit == "splice":
        edited[at:] = foreign[at:] if at else [lines[0], *foreign[1:]]
    else:
        edited[at] = lines[at].replace(b"bastion", b"bastiom")
    first = next(index for index in range(13) if edited[index : index + 1] != lines[index : index + 1])
    found = outcome(folder, b"".join(edited))
    if edit == "duplicate" and isinstance(found, reader.Verification):
        assert found.problem.seq in (first, first + 1)
    else:
        assert found.problem.seq == first


def test_cutting_whole_lines_off_the_end_is_seen_in_the_head_alone(good):
    content, _, folder = good
    whole, cut = outcome(folder, content), outcome(folder, content[: content.rindex(b"\n", 0, -1) + 1])
    assert cut.ok
    assert (cut.events, cut.head != whole.head) == (11, True)


@pytest.mark.parametrize(
    ("tail", "torn"),
    [
        (b'{"at":"2026', True),
        (b"\0" * 5000, True),
        (b'{"at":"2026-11' + b"\0" * 512 + b'"}\n', False),
        (b'{"at":"2026"}\n', False),
        (b"hello\n", False),
        (b"\n", False),
        (b"hello\nhello", False),
        (b"\0" * 512 + b"\n" + b"hello", False),
    ],
)
def test_an_interrupted_write_is_torn_and_anything_else_is_damage(good, tail, torn):
    content, _, folder = good
    found = outcome(folder, content + tail)
    assert (found.size, found.events) == (len(content), 12)
    assert (found.torn is not None, found.problem is not None) == (torn, not torn)


def test_a_whole_line_is_torn_only_where_whole_sectors_of_it_are_lost(good):
    content, _, folder = good
    starts = [0, *(index + 1 for index, byte in enumerate(content) if byte == 0x0A)]
    start, end = next((a, b) for a, b in itertools.pairwise(starts) if a > 0 and a // 512 != (b - 2) // 512)
    before, line, boundary = content[:start], content[start:end], 512 - start % 512
    assert outcome(folder, before + b"\0" * boundary + line[boundary:]).torn
    assert not outcome(folder, before + b"\0" * (boundary - 1) + line[boundary - 1 :]).ok
    assert not outcome(folder, before + line[: boundary - 1] + b"\0" + line[boundary:]).ok


def test_the_last_line_with_a_changed_newline_was_written_whole_and_so_is_damaged(good):
    content, _, folder = good
    assert not outcome(folder, content[:-1] + b"\x0b").ok
    assert outcome(folder, content[:-1]).torn


def test_a_forged_number_is_noticed_even_under_a_good_hash(good, sample):
    first = good[0].splitlines()[0]
    chain = Chain()
    assert chain.take([first]) == ""
    forged, _ = seal(b'{"data":{},"seq":5,"v":1}', chain.head)
    assert chain.take([forged]) == "event 5 stands where event 1 belongs: lines were taken out, put in or moved"
    other_version, _ = seal(b'{"data":{},"seq":1,"v":2}', chain.head)
    assert chain.take([other_version]) == ""
    assert origin("a") != origin("b")
