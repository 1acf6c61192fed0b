"""What the catalogues of tests/judges/federated.py hold: the same things, written in the form of each of them.

Of the things, a third has a DOI and an id that differs by holder, a third the same id everywhere, and a third nothing that
says that two of them are one. Products belong to one collection and have the same id everywhere.
"""

# Local first, then by trust: whose copy is kept.
HOLDERS = ["local", "sister", "items", "csw", "iso", "records", "sparql", "own"]


def name_of(holder, number):
    """The id of a thing: a third has the same everywhere, the others one by their holder."""
    return f"urn:example:sea:{number}" if number % 3 == 1 else f"urn:example:{holder}:{number}"


def doi_of(number):
    return f"10.5555/sea.{number}" if number % 3 == 0 else None


def title_of(number):
    return f"Sea {number:02}"


def same(holder, number):
    """What makes one of many: the DOI, the id, or nothing."""
    return doi_of(number) or name_of(holder, number)


def native(holder, numbers, products):
    """Lines for a Perennial: collections, and products of one more collection."""
    made = [{"kind": "collection", "id": "scenes", "title": "Scenes"}]
    for number in numbers:
        line = {"kind": "collection", "id": name_of(holder, number), "title": title_of(number), "description": "About the sea"}
        made.append(line | ({"doi": doi_of(number)} if doi_of(number) else {}))
    for number in products:
        day, hour = number // 24 + 1, number % 24
        time = {"start": f"2020-01-{day:02}T{hour:02}:00:00Z", "stop": f"2020-01-{day:02}T{hour:02}:30:00Z"}
        made.append({"kind": "product", "id": f"p{number}", "collection": "scenes", "title": f"Scene {number}", "time": time})
    return made


def dublin_core(holder, numbers, products):
    form = ('<csw:Record xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:dct="http://purl.org/dc/terms/">{}</csw:Record>')
    for number in numbers:
        doi = f"<dc:identifier>https://doi.org/{doi_of(number)}</dc:identifier>" if doi_of(number) else ""
        yield form.format(f"<dc:identifier>{name_of(holder, number)}</dc:identifier>{doi}<dc:type>series</dc:type>"
                          f"<dc:title>{title_of(number)}</dc:title><dct:abstract>About the sea</dct:abstract>")
    for number in products:
        yield form.format(f"<dc:identifier>p{number}</dc:identifier><dc:type>dataset</dc:type><dc:title>Scene {number}</dc:title>"
                          "<dct:isPartOf>scenes</dct:isPartOf>")


def iso(holder, numbers, _products):
    text = lambda name, value: f"<gmd:{name}><gco:CharacterString>{value}</gco:CharacterString></gmd:{name}>"
    for number in numbers:
        doi = text("code", f"https://doi.org/{doi_of(number)}") if doi_of(number) else ""
        doi = f"<gmd:identifier><gmd:MD_Identifier>{doi}</gmd:MD_Identifier></gmd:identifier>" if doi else ""
        yield f"""<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">
            {text("fileIdentifier", name_of(holder, number))}<gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="codes#MD_ScopeCode"
            codeListValue="series">series</gmd:MD_ScopeCode></gmd:hierarchyLevel><gmd:identificationInfo><gmd:MD_DataIdentification>
            <gmd:citation><gmd:CI_Citation>{text("title", title_of(number))}{doi}</gmd:CI_Citation></gmd:citation>
            {text("abstract", "About the sea")}</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>"""


def features(holder, numbers, _products):
    square = [[[-10, 40], [0, 40], [0, 50], [-10, 50], [-10, 40]]]
    for number in numbers:
        about = {"type": "dataset", "title": title_of(number), "description": "About the sea", "_metadata-anytext": "sea"}
        if doi_of(number):
            about["externalIds"] = [{"scheme": "doi", "value": doi_of(number)}]
        yield {"id": name_of(holder, number), "type": "Feature", "geometry": {"type": "Polygon", "coordinates": square}, "properties": about}


def turtle(holder, numbers):
    lines = ["@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> ."]
    for number in numbers:
        named = f"https://doi.org/{doi_of(number)}" if doi_of(number) else name_of(holder, number)
        lines.append(f'<{name_of(holder, number)}> a dcat:Dataset ; dct:title "{title_of(number)}" ; dct:description "About the sea" ; '
                     f'dct:identifier "{named}" .')
    return "\n".join(lines)


def group_of(entry):
    """What makes the members of a group one."""
    _, name = entry[0]
    if name == "scenes":
        return name
    holder, number = name.split(":")[2], int(name.split(":")[3])
    return same(holder, number)


def expected(holds):
    """By what makes them one: whose copy is kept, and all places."""
    groups = {"scenes": [(holder, "scenes") for holder in ("local", "sister", "items") if holder in holds]}
    for holder in HOLDERS:
        for number in holds.get(holder, []):
            groups.setdefault(same(holder, number), []).append((holder, name_of(holder, number)))
    return sorted((places[0], tuple(sorted(places))) for places in groups.values())
