#pragma once
// Where libxml2 was built with ICU, its headers pull in ICU's, which then clash with the copy inside Foundation.
// Nothing here needs the converters that they declare, so that part of the headers is left out.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
